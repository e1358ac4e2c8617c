internal import Commands
internal import Primitives
internal import System
internal import Wire

/// `stats` of memcached's text and binary protocols.
enum MemcachedStatsCommands {
    /// What a request is told.
    enum Answer {
        case lines([MemcachedReport.Line])
        /// What `stats detail dump` counts, as the text protocol writes it.
        case dump([UInt8])
        /// What was asked for is done; the word is that of the text protocol.
        case done(StaticString)
        /// There is nothing to tell; the words are those of the text protocol.
        case refusal(StaticString)
    }

    /// What there is to tell about `subject`; about the server if that is empty.
    static func answer(_ subject: [Bytes], _ call: AdminCall) -> Answer {
        guard let first = subject.first else { return .lines(MemcachedReport.general(call)) }
        if first == Bytes("reset") {
            MemcachedReport.reset(call.server)
            return .done("RESET")
        }
        if first == Bytes("detail") { return detail(subject, call) }
        guard let lines = MemcachedReport.lines(about: first, call) else {
            return .refusal("ERROR")
        }
        return .lines(lines)
    }

    /// `detail on|off|dump`: nothing is counted by prefix.
    private static func detail(_ subject: [Bytes], _ call: AdminCall) -> Answer {
        let usage = Answer.refusal("CLIENT_ERROR usage: stats detail on|off|dump")
        guard subject.count == 2 else { return usage }
        if subject[1] == Bytes("dump") { return .dump(Array("END\r\n".utf8)) }
        let isSwitch = subject[1] == Bytes("on") || subject[1] == Bytes("off")
        return isSwitch ? .done("OK") : usage
    }

    /// `stats [subject …]` of the text protocol.
    static func tell(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        if arguments.count > 1, arguments[1] == Bytes("cachedump") {
            let isWhole = arguments.count == 4
            return call.reply.memcachedLine(
                isWhole ? "END" : "CLIENT_ERROR bad command line"
            )
        }
        switch answer((1..<arguments.count).map { arguments[$0] }, call) {
        case .lines(let lines):
            var text = ByteBuffer()
            for line in lines { text.append(string: "STAT \(line.name) \(line.value)\r\n") }
            call.reply.raw(text.bytes)
            call.reply.memcachedLine("END")
        case .dump(let text): text.withBytes { call.reply.raw($0) }
        case .done(let text), .refusal(let text): call.reply.memcachedLine(text)
        }
    }
}
