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
    ///
    /// Nil if the request has to wait for it.
    static func answer(_ subject: [Bytes], _ call: AdminCall) -> Answer? {
        guard let first = subject.first else { return .lines(MemcachedReport.general(call)) }
        if first == Bytes("sizes") {
            guard let dump = call.walk(.sizes) else { return nil }
            return .lines(
                dump.sizes.sorted { $0.key < $1.key }
                    .map { MemcachedReport.Line(String($0.key), $0.value) }
            )
        }
        if first == Bytes("reset") {
            MemcachedReport.reset(call.server)
            call.server.memcachedPrefixes.reset()
            return .done("RESET")
        }
        if first == Bytes("detail") { return detail(subject, call) }
        guard let lines = MemcachedReport.lines(about: first, call) else {
            return .refusal("ERROR")
        }
        return .lines(lines)
    }

    /// `detail on|off|dump`: what is counted by the prefixes of keys.
    private static func detail(_ subject: [Bytes], _ call: AdminCall) -> Answer {
        let usage = Answer.refusal("CLIENT_ERROR usage: stats detail on|off|dump")
        guard subject.count == 2 else { return usage }
        if subject[1] == Bytes("dump") { return .dump(call.server.memcachedPrefixes.text) }
        let isOn = subject[1] == Bytes("on")
        guard isOn || subject[1] == Bytes("off") else { return usage }
        call.server.countPrefixes(isOn)
        call.worker.executor.readBulletin()
        return .done("OK")
    }

    /// `stats [subject …]` of the text protocol.
    static func tell(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        if arguments.count > 1, arguments[1] == Bytes("cachedump") {
            return dumpItems(arguments, call)
        }
        switch answer((1..<arguments.count).map { arguments[$0] }, call) {
        case nil: return .waits(call.nextSlice)
        case .lines(let lines):
            var text = ByteBuffer()
            for line in lines { text.append(string: "STAT \(line.name) \(line.value)\r\n") }
            call.reply.raw(text.bytes)
            call.reply.memcachedLine("END")
        case .dump(let text): text.withBytes { call.reply.raw($0) }
        case .done(let text), .refusal(let text): call.reply.memcachedLine(text)
        }
        return .done
    }

    /// `stats cachedump class most`: items of the only class, number 1; zero is no limit.
    private static func dumpItems(_ arguments: Arguments, _ call: AdminCall) -> Outcome {
        guard call.server.options.memcached.allowsDump else {
            call.reply.memcachedLine("CLIENT_ERROR stats cachedump not allowed")
            return .done
        }
        guard arguments.count == 4 else {
            call.reply.memcachedLine("CLIENT_ERROR bad command line")
            return .done
        }
        guard let place = MemcachedNumber.unsigned(arguments[2]),
            let most = MemcachedNumber.unsigned(arguments[3])
        else {
            call.reply.memcachedLine("CLIENT_ERROR bad command line format")
            return .done
        }
        guard place <= MemcachedAdminCommands.classMax else {
            call.reply.memcachedLine("CLIENT_ERROR Illegal slab id")
            return .done
        }
        let count = most == 0 ? Int.max : Int(clamping: most)
        guard place != 1 || call.walk(.items(most: count)) != nil else {
            return .waits(call.nextSlice)
        }
        call.reply.memcachedLine("END")
        return .done
    }
}
