internal import Commands
internal import Primitives
internal import Wire

/// Checks what users may do.
extension Executor {
    /// Why the user of `session` may not run the command in `row`; nil if it may.
    ///
    /// Precondition: the number of arguments is valid. Also determines whether the request, if it
    /// runs next, may read keys that it does not name. Complexity: O(words).
    func denial(
        _ row: Int,
        _ arguments: Arguments,
        _ session: Session
    ) -> AccessDenial? {
        context.readsNamedKeysOnly = false
        guard session.traits.contains(.restricted), let user = session.user else { return nil }
        let facts = registry.table.facts[row]
        let database = session.database
        if let denial = user.denial(row, facts, arguments, database: database) { return denial }
        if facts.keys.contains(where: \.isUnknown) {
            context.readsNamedKeysOnly =
                !user.mayReadAllKeys(row, facts, arguments, database: database)
        }
        return nil
    }

    /// Counts and logs a denial, and returns the error for it.
    func note(
        _ denial: AccessDenial,
        _ row: Int,
        _ arguments: Arguments,
        _ session: Session,
        _ connection: Connection?,
        in place: AccessLog.Context
    ) -> CommandError {
        let user = session.user?.name ?? Bytes("default")
        let reason = AccessLog.Reason(denial.reason)
        var object = ByteBuffer()
        switch denial.reason {
        case .command: object.appendLowercase(Bytes(registry.table.facts[row].name))
        case .key, .channel: object.append(arguments[denial.word])
        case .database where denial.word > 0: object.append(arguments[denial.word])
        case .database: object.append(decimal: Int64(session.database))
        }
        noteDenial(reason, place, object: object.bytes, user: user, connection)
        let isLate = place == .multi
        switch denial.reason {
        case .command:
            statistics.add(.deniedCommands)
            return .access(isLate ? .commandMeanwhile : .command(user: user))
        case .key:
            statistics.add(.deniedKeys)
            return .access(isLate ? .keyMeanwhile : .key)
        case .channel:
            statistics.add(.deniedChannels)
            return .access(isLate ? .channelMeanwhile : .channel)
        case .database:
            statistics.add(.deniedDatabases)
            return .access(isLate ? .databaseMeanwhile : .database)
        }
    }

    /// Counts and logs a failure to authenticate as `user`; `word` is the command that tried.
    func noteStranger(_ user: Bytes, _ word: Bytes, _ connection: Connection?) {
        statistics.add(.authenticationFailures)
        noteDenial(.auth, .toplevel, object: word, user: user, connection)
    }

    private func noteDenial(
        _ reason: AccessLog.Reason,
        _ place: AccessLog.Context,
        object: Bytes,
        user: Bytes,
        _ connection: Connection?
    ) {
        var line = ByteBuffer()
        if let connection { ClientLine.append(connection, on: worker, to: &line) }
        server.access.log.note(
            reason,
            place,
            object: object,
            user: user,
            client: line.bytes,
            now: clock.now,
            limit: server.options.accessLogMax
        )
    }
}
