internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// MIGRATE: moves keys to another server.
enum MigrateCommands {
    /// The only row.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MIGRATE", arity: -6, [.write, .movableKeys, .locksKeys], keys: [.one(3, [.rw, .access, .delete]), KeySpec(.keyword("KEYS", from: -2), .range(last: -1, step: 1, limit: 0), [.rw, .access, .delete, .incomplete])], secrets: .credentials(from: 6), group: .generic, categories: ["dangerous"], since: "2.6.0", complexity: "That of DUMP and DEL here and of RESTORE there, for each key", syntax: "host port:i key-selector=(@key | empty-string=\"\") destination-db:i timeout:i [COPY] [REPLACE] authentication=[AUTH auth | AUTH2 auth2=<username password>] [KEYS @keys...]", summary: "Moves keys to another server.", tips: ["nondeterministic_output"], waiting: migrate),
    ]

    /// How often keys that have changed in the meantime are sent again before their partitions stay
    /// locked.
    private static let roundsMax = 3
}

extension MigrateCommands {
    /// `MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH … | AUTH2 …] [KEYS key …]`: OK,
    /// or NOKEY if none of the keys exists.
    ///
    /// A thread of its own sends the values, while the request waits and everything else continues.
    /// A key is removed here only if it still has the value that was sent.
    static func migrate(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome {
        let id = call.session.id
        if let migration = call.worker.migrations.removeValue(forKey: id) {
            return finish(migration, call)
        }
        let request = try MigrateRequest(arguments)
        var parcels: [Migration.Parcel] = []
        for index in request.keys {
            if let parcel = parcel(arguments[index], call) { parcels.append(parcel) }
        }
        guard !parcels.isEmpty else {
            call.reply.simple("NOKEY")
            return .done
        }
        return start(Migration(request.target, parcels, replaces: request.replaces), call)
    }

    /// The value and expiry of a key; nil if it does not exist.
    private static func parcel(_ key: Bytes, _ call: AdminCall) -> Migration.Parcel? {
        let executor = call.worker.executor
        let known = executor.context.key(key)
        guard let slot = executor.context.shard(known).find(known) else { return nil }
        let expiry = slot.entry.expiry
        if let expiry, expiry <= executor.context.now { return nil }
        return Migration.Parcel(
            key: key.array,
            payload: DumpCommands.payload(of: slot),
            expiry: expiry
        )
    }

    /// Sends the parcels, on another thread if the request can wait.
    private static func start(_ migration: Migration, _ call: AdminCall) -> Outcome {
        let links = call.server.migrationLinks
        let mayWait = call.connection != nil && call.worker.executor.context.mayWait
        guard mayWait, migration.round <= roundsMax else {
            migration.run(links)
            return finish(migration, call)
        }
        let id = call.session.id
        let home = call.worker.mailbox
        call.worker.migrations[id] = migration
        migration.start(links) { home.put(.answer(session: id)) }
        return .waits(.answers(1))
    }

    /// Removes the keys that have arrived, and sends those again that have changed in the meantime.
    private static func finish(_ migration: Migration, _ call: AdminCall) -> Outcome {
        var changed: [Migration.Parcel] = []
        if !migration.target.copies {
            for parcel in migration.parcels where parcel.hasArrived {
                // A key that no longer exists was removed after it was read.
                guard let now = parcel.key.withBytes({ self.parcel($0, call) }) else { continue }
                if now.isSame(as: parcel) {
                    guard remove(parcel.key, call) else {
                        call.worker.migrations[call.session.id] = migration
                        return .waits(.keys)
                    }
                } else {
                    changed.append(now)
                }
            }
        }
        if let failure = migration.failure {
            call.worker.executor.refuse(failure.text)
            return .done
        }
        guard changed.isEmpty else { return start(migration.next(changed), call) }
        call.reply.ok()
        return .done
    }

    /// Removes a key like DEL; returns false if it must wait for other work.
    private static func remove(_ key: [UInt8], _ call: AdminCall) -> Bool {
        let executor = call.worker.executor
        let start = executor.context.reply.buffer.count
        defer { executor.context.reply.truncate(to: start) }
        let command: StaticString = "DEL"
        guard let row = executor.registry.table.row(Bytes(command)) else { return true }
        let line = Array("DEL".utf8) + key
        return line.withBytes { bytes in
            var words = ArgumentVector()
            words.append(bytes[0..<3])
            words.append(bytes[3..<bytes.count])
            do throws(CommandError) {
                let outcome = try executor.perform(
                    row,
                    words.arguments(0, 2),
                    for: call.session,
                    from: call.connection
                )
                if case .waits = outcome { return false }
                return true
            } catch {
                return true
            }
        }
    }
}
