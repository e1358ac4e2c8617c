internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Keys of any type: removing, renaming, copying, inspecting.
public enum KeyCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("DEL", arity: -2, [.write], keys: [.rest(1, [.rm, .delete])], propagation: .verbatim, group: .generic, since: "1.0.0", complexity: "O(N) where N is the number of keys; large values are freed later, in slices", syntax: "@key...", summary: "Removes keys and returns how many existed.", tips: ["request_policy:multi_shard", "response_policy:agg_sum"], delete),
        DataCommand("UNLINK", arity: -2, [.write, .fast], keys: [.rest(1, [.rm, .delete])], propagation: .verbatim, group: .generic, since: "4.0.0", complexity: "O(N) where N is the number of keys", syntax: "@key...", summary: "Removes keys, exactly like DEL.", tips: ["request_policy:multi_shard", "response_policy:agg_sum"], delete),
        DataCommand("EXISTS", arity: -2, [.readonly, .fast], keys: [.rest(1, [.ro])], group: .generic, since: "1.0.0", complexity: "O(N) where N is the number of keys", syntax: "@key...", summary: "Counts the given keys that exist; a key given twice counts twice.", tips: ["request_policy:multi_shard", "response_policy:agg_sum"], countPresent),
        DataCommand("TOUCH", arity: -2, [.readonly, .fast], keys: [.rest(1, [.ro])], group: .generic, since: "3.2.1", complexity: "O(N) where N is the number of keys", syntax: "@key...", summary: "Counts as an access to each key and returns how many exist.", tips: ["request_policy:multi_shard", "response_policy:agg_sum"], touch),
        DataCommand("TYPE", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro])], group: .generic, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns the type of the value at a key.", type),
        DataCommand("RENAME", arity: 3, [.write], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.ow, .update])], propagation: .verbatim, group: .generic, since: "1.0.0", complexity: "O(1) within a partition, otherwise O(N) in the size of the value", syntax: "@key @newkey", summary: "Renames a key, replacing the value at the new one.", waiting: rename),
        DataCommand("RENAMENX", arity: 3, [.write, .fast], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.ow, .insert])], propagation: .verbatim, group: .generic, since: "1.0.0", complexity: "O(1) within a partition, otherwise O(N) in the size of the value", syntax: "@key @newkey", summary: "Renames a key unless the new one exists.", waiting: renameIfAbsent),
        DataCommand("COPY", arity: -3, [.write, .denyOOM], keys: [.one(1, [.ro, .access]), .one(2, [.ow, .update])], databases: .option("DB", from: 3), propagation: .verbatim, group: .generic, since: "6.2.0", complexity: "O(N) in the size of the value", syntax: "@source @destination [DB destination-db:i] [REPLACE]", summary: "Copies a value to another key, optionally in another database.", waiting: copy),
        DataCommand("MOVE", arity: 3, [.write, .fast], keys: [.one(1, [.rw, .access, .update])], databases: .words(2..<3), propagation: .verbatim, group: .generic, since: "1.0.0", complexity: "O(N) in the size of the value", syntax: "@key db:i", summary: "Moves a key to another database.", waiting: move),
        DataCommand("RANDOMKEY", arity: 1, [.readonly, .allPartitions], group: .generic, since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Returns a random key.", tips: ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"], randomKey),
        DataCommand("KEYS", arity: 2, [.readonly, .allPartitions], group: .generic, categories: ["dangerous"], since: "1.0.0", complexity: "O(N) where N is the number of keys in the database", syntax: "pattern:p", summary: "Lists all keys that match a pattern.", tips: ["request_policy:all_shards", "nondeterministic_output_order"], keys),
        DataCommand("SCAN", arity: -2, [.readonly, .locksItself], group: .generic, since: "2.8.0", complexity: "O(1) per call, O(N) for all keys", syntax: "cursor:i [MATCH pattern:p] [COUNT count:i] [TYPE type]", summary: "Iterates over the keys of the database.", tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"], scan),
        DataCommand("DBSIZE", arity: 1, [.readonly, .fast, .allPartitions], group: .server, categories: ["keyspace"], since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Counts the keys of the database.", tips: ["request_policy:all_shards", "response_policy:agg_sum"], size),
        DataCommand("FLUSHDB", arity: -1, [.write, .allPartitions], propagation: .verbatim, group: .server, categories: ["dangerous", "keyspace"], since: "1.0.0", complexity: "O(1); a helper thread frees the memory", syntax: "flush-type=[ASYNC | SYNC]", summary: "Removes all keys of the database.", tips: ["request_policy:all_shards", "response_policy:all_succeeded"], flushDatabase),
        DataCommand("FLUSHALL", arity: -1, [.write, .allPartitions], databases: .all, propagation: .verbatim, group: .server, categories: ["dangerous", "keyspace"], since: "1.0.0", complexity: "O(1); a helper thread frees the memory", syntax: "flush-type=[ASYNC | SYNC]", summary: "Removes all keys of all databases.", tips: ["request_policy:all_shards", "response_policy:all_succeeded"], flushAll),
        DataCommand("SWAPDB", arity: 3, [.write, .fast, .allPartitions], databases: .words(1..<3), propagation: .verbatim, group: .server, categories: ["dangerous", "keyspace"], since: "4.0.0", complexity: "O(1)", syntax: "index1:i index2:i", summary: "Swaps two databases.", swapDatabases),
    ]
}

extension KeyCommands {
    /// `DEL key [key …]`: the number of keys that existed.
    static func delete(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var count = 0
        for index in 1..<arguments.count {
            let key = context.key(arguments[index])
            guard let slot = context.find(key) else { continue }
            context.shard(key).remove(slot)
            context.changed(key, .del)
            count += 1
        }
        context.reply.integer(count)
    }

    /// `EXISTS key [key …]`: the number of keys that exist.
    static func countPresent(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var count = 0
        for index in 1..<arguments.count
        where context.read(context.key(arguments[index]), isUse: false) != nil {
            count += 1
        }
        context.reply.integer(count)
    }

    /// `TOUCH key [key …]`: the number of keys that exist.
    ///
    /// Counts as an access to each, even for a client with NO-TOUCH.
    static func touch(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let ignoresUses = context.ignoresUses
        context.ignoresUses = false
        defer { context.ignoresUses = ignoresUses }
        var count = 0
        for index in 1..<arguments.count where context.read(context.key(arguments[index])) != nil {
            count += 1
        }
        context.reply.integer(count)
    }

    /// `TYPE key`: the name of the type, `none` if there is no key.
    static func type(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = context.read(context.firstKey(arguments), isUse: false)
        context.reply.simple(slot.map { $0.entry.kind.name } ?? "none")
    }

    /// `RENAME key newkey`: OK.
    static func rename(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome { try rename(arguments, &context, ifAbsent: false) }

    /// `RENAMENX key newkey`: 1, or 0 if the new key exists.
    static func renameIfAbsent(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome { try rename(arguments, &context, ifAbsent: true) }

    private static func rename(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        ifAbsent: Bool
    ) throws(CommandError) -> Outcome {
        let source = context.firstKey(arguments)
        let target = context.key(arguments[2])
        guard let slot = context.find(source) else { throw .noSuchKey }
        let isSame = source.bytes == target.bytes
        if ifAbsent, isSame || context.find(target) != nil {
            context.reply.integer(0)
            return .done
        }
        if !isSame {
            let shard = context.shard(target)
            var copy: ValueCopy?
            if !slot.shard.isSame(as: shard) {
                switch context.copy(slot, of: source, as: target, for: shard) {
                case .whole(let whole): copy = whole
                case .waits(let wait): return .waits(wait)
                }
            }
            if let taken = context.find(target) { shard.remove(taken) }
            // Removing the target may have moved the source's entry.
            let moved = context.peek(source) ?? slot
            shard.insertMoved(moved, as: target, expiry: moved.entry.expiry, copy)
            context.changed(source, .renameFrom)
            context.notify(target, .renameTo)
        }
        if ifAbsent { context.reply.integer(1) } else { context.reply.ok() }
        return .done
    }

    /// `COPY source destination [DB index] [REPLACE]`: 1, or 0 if nothing was copied.
    static func copy(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        var database = context.database
        var replaces = false
        var index = 3
        while index < arguments.count {
            if arguments[index].isWord("REPLACE") {
                replaces = true
            } else if arguments[index].isWord("DB"), index + 1 < arguments.count {
                index += 1
                database = try arguments.databaseIndex(
                    index,
                    count: context.keyspace.databaseCount
                )
            } else {
                throw .syntax
            }
            index += 1
        }
        let source = context.firstKey(arguments)
        let target = context.key(arguments[2])
        if database == context.database, source.bytes == target.bytes {
            throw .key(.sameObject)
        }
        let targetShard = context.keyspace.openShard(target.hash, inAny: database)
        guard context.peek(source) != nil,
            replaces || context.peek(target, in: database) == nil,
            // Removing an expired key may have moved the source's entry.
            let slot = context.peek(source)
        else {
            _ = context.read(source)
            context.reply.integer(0)
            return .done
        }
        let copy: ValueCopy?
        switch context.copy(slot, of: source, as: target, for: targetShard) {
        case .whole(let whole): copy = whole
        case .waits(let wait): return .waits(wait)
        }
        if let taken = context.peek(target, in: database) { targetShard.remove(taken) }
        // Removing the target may have moved the source's entry.
        if let slot = context.read(source) {
            targetShard.insertCopy(of: slot, as: target, expiry: slot.entry.expiry, copy)
            context.keyspace.countUse(of: targetShard, context.keyspace.partition(target.hash))
            context.changed(target, .copyTo, in: database)
        }
        context.reply.integer(1)
        return .done
    }

    /// `MOVE key db`: 1, or 0 if there is no such key or the other database has one.
    static func move(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let database = try arguments.databaseIndex(2, count: context.keyspace.databaseCount)
        if database == context.database {
            throw .key(.sameObject)
        }
        let key = context.firstKey(arguments)
        let target = context.keyspace.openShard(key.hash, inAny: database)
        guard let slot = context.find(key), context.peek(key, in: database) == nil else {
            context.reply.integer(0)
            return .done
        }
        let copy: ValueCopy?
        switch context.copy(slot, of: key, as: key, for: target) {
        case .whole(let whole): copy = whole
        case .waits(let wait): return .waits(wait)
        }
        target.insertMoved(slot, as: key, expiry: slot.entry.expiry, copy)
        context.keyspace.countUse(of: target, context.keyspace.partition(key.hash))
        context.changed(key, .moveFrom)
        context.notify(key, .moveTo, in: database)
        context.reply.integer(1)
        return .done
    }

    // MARK: Iterating over all keys

    /// `RANDOMKEY`: a key, or null.
    static func randomKey(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        // Remove expired keys and draw again. If they are kept, there may be no others.
        var draws = 0
        while let slot = randomSlot(&context) {
            guard slot.entry.isDue(context.now) else { return context.reply.bulk(slot.entry.key) }
            if context.removeDue(slot, in: context.database) { continue }
            draws += 1
            if draws == randomDrawsMax { return firstLiveKey(&context) }
        }
        context.reply.null()
    }

    /// How often RANDOMKEY draws among expired keys that are kept, before it walks over all keys.
    private static let randomDrawsMax = 100

    /// A uniformly random key, expired or not, or nil.
    private static func randomSlot(_ context: inout CommandContext) -> Shard.Slot? {
        let total = keyCount(context)
        guard total > 0 else { return nil }
        // Weight the partitions by their sizes.
        var place = context.random.below(total)
        for partition in 0..<context.keyspace.partitionCount {
            let shard = context.keyspace.shard(partition: partition, database: context.database)
            if place < shard.count { return shard.random(&context.random) }
            place -= shard.count
        }
        return nil
    }

    /// Replies with the first key that has not expired, or null.
    private static func firstLiveKey(_ context: inout CommandContext) {
        var found: Shard.Slot?
        for partition in 0..<context.keyspace.partitionCount where found == nil {
            context.keyspace.shard(partition: partition, database: context.database).forEach {
                if found == nil, !$0.entry.isDue(context.now) { found = $0 }
            }
        }
        if let found { context.reply.bulk(found.entry.key) } else { context.reply.null() }
    }

    private static func keyCount(_ context: borrowing CommandContext) -> Int {
        (0..<context.keyspace.partitionCount).reduce(0) {
            $0 + context.keyspace.shard(partition: $1, database: context.database).count
        }
    }

    /// `KEYS pattern`: all keys that match.
    static func keys(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let pattern = GlobPattern(arguments[1])
        let mark = context.reply.mark()
        let now = context.now
        var count = 0
        for partition in 0..<context.keyspace.partitionCount {
            context.keyspace.shard(partition: partition, database: context.database).forEach {
                slot in
                guard !slot.entry.isDue(now), pattern.matches(slot.entry.key) else { return }
                context.reply.bulk(slot.entry.key)
                count += 1
            }
        }
        context.reply.array(count, at: mark)
    }

    /// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`: the next cursor, and keys.
    ///
    /// Removes the expired keys that it meets. A cursor holds a position within a partition and, in
    /// its low bits, the partition. Partitions without keys are skipped.
    static func scan(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try ScanOptions(arguments, cursorAt: 1, allowsType: true)
        let partitions = UInt64(context.keyspace.partitionCount)
        var cursor = options.cursor
        let mark = context.reply.mark()
        var count = 0
        var visited = 0
        var buckets = 0
        let now = context.now
        repeat {
            let partition = Int(cursor % partitions)
            let lock = context.lock(partition)
            let shard = context.keyspace.shard(partition: partition, database: context.database)
            if shard.count > 0 { buckets += 1 }
            var due: [Entry] = []
            let next = shard.scan(cursor / partitions) { slot in
                visited += 1
                guard !slot.entry.isDue(now) else { return due.append(slot.entry) }
                guard options.accepts(slot.entry) else { return }
                context.reply.bulk(slot.entry.key)
                count += 1
            }
            context.removeDue(due, of: shard, in: context.database)
            context.unlock(lock)
            let following = UInt64(partition) + 1
            cursor =
                next != 0
                ? next * partitions + UInt64(partition) : following < partitions ? following : 0
        } while cursor != 0 && visited < options.count && buckets < options.bucketsMax
        context.reply.scanHead(cursor, count, at: mark)
    }

    /// `DBSIZE`: the number of keys.
    static func size(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { context.reply.integer(keyCount(context)) }

    // MARK: Whole databases

    /// `FLUSHDB [ASYNC | SYNC]`: OK.
    static func flushDatabase(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try checkFlushType(arguments)
        flush(context.database, &context)
        context.reply.ok()
    }

    /// `FLUSHALL [ASYNC | SYNC]`: OK.
    static func flushAll(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try checkFlushType(arguments)
        flush(nil, &context)
        context.reply.ok()
    }

    private static func checkFlushType(_ arguments: Arguments) throws(CommandError) {
        guard arguments.count > 1 else { return }
        guard arguments.count == 2, arguments[1].isWord("SYNC") || arguments[1].isWord("ASYNC")
        else { throw .syntax }
    }

    /// Removes the shards of a database, or of all, and passes them to the helper thread.
    private static func flush(_ database: Int?, _ context: inout CommandContext) {
        var removed: [Int: Int] = [:]
        for partition in 0..<context.keyspace.partitionCount {
            let taken = context.keyspace.takeShards(partition: partition, database: database)
            for (database, shard) in taken {
                removed[database, default: 0] += shard.count
                if shard.detach() { context.retired.append(shard) }
            }
        }
        for (database, count) in removed.sorted(by: { $0.key < $1.key }) {
            context.changed(database: database, by: count)
        }
        // Clients may also cache that keys are missing.
        guard removed.isEmpty, context.effects.wants.contains(.tracking) else { return }
        context.changed(database: database ?? context.database, by: 0)
    }

    /// `SWAPDB index1 index2`: OK.
    static func swapDatabases(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let numbers = Int64(Int32.min)...Int64(Int32.max)
        let first = try arguments.integer(
            1,
            in: numbers,
            or: .key(.firstDatabase)
        )
        let second = try arguments.integer(
            2,
            in: numbers,
            or: .key(.secondDatabase)
        )
        let range = 0..<context.keyspace.databaseCount
        guard range.contains(first), range.contains(second) else { throw .databaseRange }
        for partition in 0..<context.keyspace.partitionCount where first != second {
            context.keyspace.swap(partition: partition, Int(first), Int(second))
        }
        // Redis counts, and logs, even swapping a database with itself.
        context.effects.dirty.add(1)
        if first != second {
            context.changed(database: first, by: 0)
            context.changed(database: second, by: 0)
        }
        context.reply.ok()
    }
}

extension EntryKind {
    /// The name that TYPE returns.
    var name: StaticString {
        switch self {
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        case .hash: "hash"
        case .stream: "stream"
        case .member: "none"
        }
    }
}
