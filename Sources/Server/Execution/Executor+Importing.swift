internal import Commands
internal import Wire

/// Requests in import mode (`import-mode`), in which another server decides when keys expire.
///
/// ```text
///                    an expired key
/// import source      exists: for it, no time passes
/// others, reading    is absent, and kept
/// others, writing    is removed
/// ```
extension Executor {
    /// Runs an admitted request in import mode and measures it.
    func runImporting(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        countsUse: Bool
    ) -> Wait? {
        let isSource = connection.session.traits.contains(.importSource)
        if isSource {
            context.replayedAt = context.now
            context.now = 0
        }
        removeDueIfWriting(number)
        defer {
            if isSource, let now = context.replayedAt {
                context.now = now
                context.replayedAt = nil
            }
            // CONFIG SET may have ended the mode.
            context.removesDue = removesDueAnyway
        }
        return runObserved(number, arguments, connection, countsUse: countsUse)
    }

    /// Lets the command in row `number`, which is about to run in import mode, remove expired keys
    /// if it writes.
    func removeDueIfWriting(_ number: Int) {
        context.removesDue =
            registry.row(number).flags.contains(.write)
            && alerts.isDisjoint(with: [.pauses, .loading])
    }
}
