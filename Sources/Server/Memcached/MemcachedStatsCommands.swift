internal import Commands
internal import Primitives
internal import System
internal import Wire

/// `stats` of memcached's text and binary protocols.
enum MemcachedStatsCommands {
    /// `stats [subject …]`.
    static func tell(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count > 1 else { return report(MemcachedReport.general(call), call) }
        let subject = arguments[1]
        if subject == Bytes("reset") {
            MemcachedReport.reset(call.server)
            return call.reply.memcachedLine("RESET")
        }
        if subject == Bytes("detail") { return detail(arguments, call) }
        if subject == Bytes("cachedump") {
            let isWhole = arguments.count == 4
            return call.reply.memcachedLine(
                isWhole ? "END" : "CLIENT_ERROR bad command line"
            )
        }
        guard let lines = MemcachedReport.lines(about: subject, call) else {
            return call.reply.memcachedLine("ERROR")
        }
        report(lines, call)
    }

    /// `stats detail on|off|dump`: nothing is counted by prefix.
    private static func detail(_ arguments: Arguments, _ call: AdminCall) {
        guard arguments.count == 3 else {
            return call.reply.memcachedLine("CLIENT_ERROR usage: stats detail on|off|dump")
        }
        if arguments[2] == Bytes("dump") { return call.reply.memcachedLine("END") }
        let isSwitch = arguments[2] == Bytes("on") || arguments[2] == Bytes("off")
        call.reply.memcachedLine(
            isSwitch ? "OK" : "CLIENT_ERROR usage: stats detail on|off|dump"
        )
    }

    private static func report(_ lines: [MemcachedReport.Line], _ call: AdminCall) {
        var text = ByteBuffer()
        for line in lines { text.append(string: "STAT \(line.name) \(line.value)\r\n") }
        call.reply.raw(text.bytes)
        call.reply.memcachedLine("END")
    }
}
