internal import Commands
internal import Primitives
internal import Wire

/// Pausing clients.
extension ClientCommands {
    /// `CLIENT PAUSE timeout [WRITE | ALL]`: OK.
    static func pause(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 4 else { throw .transaction(.pauseWords(arguments[1])) }
        var pausesAll = true
        if arguments.count == 4 {
            pausesAll = arguments[3].isWord("ALL")
            guard pausesAll || arguments[3].isWord("WRITE") else {
                throw .transaction(.pauseMode)
            }
        }
        guard let timeout = DecimalText.integer(arguments[2]) else { throw .timeout }
        guard timeout >= 0 else { throw .negativeTimeout }
        let now = call.worker.executor.context.now
        let (moment, overflow) = now.addingReportingOverflow(timeout)
        guard !overflow else { throw .transaction(.pauseTooLong) }
        call.server.exclusively(call.worker) {
            call.server.pauseClients(until: moment, all: pausesAll, call.worker)
        }
        call.reply.ok()
    }

    /// `CLIENT UNPAUSE`: OK.
    static func unpause(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.server.resumeClients(call.worker)
        call.reply.ok()
    }
}
