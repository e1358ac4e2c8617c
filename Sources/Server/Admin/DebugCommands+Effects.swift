internal import Commands
internal import Primitives
internal import Wire

/// Shows the effects that commands report, for tests.
extension DebugCommands {
    /// `DEBUG EFFECTS ON|OFF|TAKE|EVENTS`: OK after ON and OFF, which start and stop recording.
    ///
    /// TAKE returns the requests that repeat the changes since the last TAKE, each with its
    /// database; EVENTS returns the events since the last EVENTS, each with its database and key.
    static func showEffects(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let word = arguments[2]
        let journal = call.server.effectJournal
        if word.isWord("ON") || word.isWord("OFF") {
            let wants: Effects.Wants = word.isWord("ON") ? [.log, .notify] : []
            call.server.exclusively(call.worker) {
                call.server.bulletin.post(Bulletin.Notice(wants: wants), by: .journal)
                for worker in call.server.workers { worker.executor.readBulletin() }
                journal.turn(word.isWord("ON"))
            }
            return call.reply.ok()
        }
        let worker = call.worker
        func reply(_ count: Int, _ elements: Bytes) {
            worker.executor.context.reply.array(count)
            worker.executor.context.reply.raw(elements)
        }
        let isWhole: Bool
        if word.isWord("TAKE") {
            isWhole = journal.takeRecords(reply)
        } else if word.isWord("EVENTS") {
            isWhole = journal.takeEvents(reply)
        } else {
            throw .syntax
        }
        guard isWhole else { throw .debug(.effectsDropped) }
    }
}
