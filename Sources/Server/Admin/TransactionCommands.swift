internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Transactions: requests that run together, provided that no watched key has changed.
enum TransactionCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MULTI", arity: 1, [.noScript, .loading, .stale, .fast, .allowBusy, .neverQueued], group: .transactions, since: "1.2.0", complexity: "O(1)", syntax: "", summary: "Starts a transaction: the following requests are queued until EXEC.", begin),
        AdminCommand("EXEC", arity: 1, [.noScript, .loading, .stale, .skipSlowLog, .neverQueued], group: .transactions, since: "1.2.0", complexity: "That of the queued commands", syntax: "", summary: "Runs the queued requests atomically, unless a watched key has changed.", waiting: execute),
        AdminCommand("DISCARD", arity: 1, [.noScript, .loading, .stale, .fast, .allowBusy, .neverQueued], group: .transactions, since: "2.0.0", complexity: "O(N) where N is the number of queued commands", syntax: "", summary: "Discards the transaction and unwatches all keys.", discard),
        AdminCommand("WATCH", arity: -2, [.noScript, .loading, .stale, .fast, .allowBusy, .neverQueued, .locksKeys], keys: [.rest(1, [.ro])], group: .transactions, since: "2.2.0", complexity: "O(N) where N is the number of keys", syntax: "@key...", summary: "Watches keys: the next transaction runs only if none of them has changed.", watch),
        AdminCommand("UNWATCH", arity: 1, [.noScript, .loading, .stale, .fast, .allowBusy], group: .transactions, since: "2.2.0", complexity: "O(N) where N is the number of watched keys", syntax: "", summary: "Unwatches all keys.", unwatch),
    ]
}

extension TransactionCommands {
    /// `MULTI`: OK.
    static func begin(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.session.transaction == nil else { throw .transaction(.nested) }
        call.session.beginTransaction()
        call.reply.ok()
    }

    /// `EXEC`: the replies of the queued requests, or null if a watched key has changed.
    static func execute(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome {
        guard let transaction = call.session.transaction else {
            throw .transaction(.executeOutside)
        }
        guard !transaction.hasFailed else {
            call.session.endTransaction()
            throw .transaction(.aborted)
        }
        return call.worker.executor.run(transaction, call.session, call.connection)
    }

    /// `DISCARD`: OK.
    static func discard(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.session.transaction != nil else { throw .transaction(.discardOutside) }
        call.session.endTransaction()
        call.reply.ok()
    }

    /// `WATCH key …`: OK.
    static func watch(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.session.transaction == nil else { throw .transaction(.watchInside) }
        call.worker.executor.watch(arguments, call.session)
        call.reply.ok()
        if let connection = call.connection { call.worker.boundTransaction(connection) }
    }

    /// `UNWATCH`: OK.
    static func unwatch(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.session.unwatch()
        call.reply.ok()
    }
}
