internal import Commands
internal import Primitives
internal import Wire

/// What users may do with requests.
extension Executor {
    /// What keeps the user of `session` from the request for the command in `row`, if something
    /// does.
    ///
    /// The request's words are right in number. It also settles whether the request, if it runs
    /// next, may read keys that it does not name. Complexity: O(words).
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

    /// Counts a denial, notes it in the log, and tells the error to reply with.
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

    /// Notes that somebody was not let in as `user`; `word` is what asked for it.
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
