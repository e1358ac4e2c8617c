internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Running the requests of a log again.
extension Executor {
    /// What became of a request.
    enum Replay {
        case done
        /// It failed, and changed nothing.
        case failed
        /// There is no such command.
        case unknown
    }

    /// Runs a request of a log for `session`; the reply is dropped.
    ///
    /// No key or field expires meanwhile: the log says when they went. Times that the request does
    /// not name are those of now.
    func replay(_ arguments: Arguments, for session: Session) -> Replay {
        guard let number = row(of: arguments) else { return .unknown }
        guard registry.row(number).accepts(wordCount: arguments.count) else { return .failed }
        let now = context.now
        context.replayedAt = now
        context.now = 0
        context.mayWait = false
        let start = context.reply.buffer.count
        defer {
            context.reply.truncate(to: start)
            context.mayWait = true
            context.now = now
            context.replayedAt = nil
        }
        do throws(CommandError) {
            _ = try perform(number, arguments, for: session)
            return .done
        } catch {
            return .failed
        }
    }

    private func row(of arguments: Arguments) -> Int? {
        guard let number = registry.table.row(arguments[0]) else { return nil }
        guard registry.row(number).isContainer, arguments.count > 1 else { return number }
        return registry.table.subcommand(arguments[1], of: number) ?? number
    }
}
