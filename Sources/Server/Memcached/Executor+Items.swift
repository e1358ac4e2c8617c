internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// What requests of memcached's protocols do with items, for `watch` and `stats detail`.
extension Executor {
    /// What a request begins with: the counters, and the item at its key.
    struct ItemsBefore {
        fileprivate let hits: UInt64
        fileprivate let stored: UInt64
        fileprivate let tooLarge: UInt64
        fileprivate let changed: UInt64
        fileprivate let missed: UInt64
        fileprivate let deleted: UInt64
        fileprivate let item: (size: Int, place: Int)
    }

    /// Notes what there is before a request runs, if it is about an item.
    func itemsBefore(_ number: Int, _ arguments: Arguments) -> ItemsBefore? {
        guard registry.row(number).firstKey == 1 else { return nil }
        return ItemsBefore(
            hits: context.memcachedStatistics[.getHits],
            stored: context.memcachedStatistics[.stored],
            tooLarge: context.memcachedStatistics[.tooLarge],
            changed: context.memcachedStatistics[.casMismatches],
            missed: context.memcachedStatistics[.casMisses],
            deleted: context.memcachedStatistics[.deleteHits],
            item: item(arguments[1])
        )
    }

    /// The size of the value at `key` and its class; zeros if there is none, or if its partition is
    /// in use.
    private func item(_ bytes: Bytes) -> (size: Int, place: Int) {
        let key = context.key(bytes)
        let partition = context.keyspace.partition(key.hash)
        guard context.keyspace.tryLock(partition) else { return (0, 0) }
        defer { context.keyspace.unlock(partition) }
        // An expired key is left to the request.
        let shard = context.keyspace.shard(key.hash, database: context.database)
        guard let slot = shard.find(key), slot.entry.isKind(.string),
            !slot.entry.isDue(context.now)
        else { return (0, 0) }
        let place = SizeClasses.index(max(1, slot.entry.byteCount)) + 1
        return (StringValue.count(slot.entry), place)
    }

    /// Tells watchers, and counts by prefix, what a request has done.
    func noteItem(_ arguments: Arguments, _ before: ItemsBefore, _ connection: Connection) {
        guard let command = MemcachedCommand(parsed: arguments[0]) else { return }
        let key = arguments[1]
        let isHit = context.memcachedStatistics[.getHits] > before.hits
        if server.memcachedPrefixes.isOn { countPrefix(command, key, isHit: isHit) }
        let watched = server.watchedStreams
        guard !watched.isDisjoint(with: .requests) else { return }
        switch command {
        case .get, .gets, .gat, .gats, .mg, .binaryGet:
            tell(.fetchers, "item_get") { line in
                line.add(key: key)
                line.add("status", isHit ? "found" : "not_found")
                finish(&line, isHit ? before.item : (0, 0), connection)
            }
        case .set, .add, .replace, .append, .prepend, .cas, .ms, .binarySet, .binaryAppend,
            .tooLarge, .binaryTooLarge:
            tellStore(command, arguments, before, connection)
        case .delete, .md, .binaryDelete:
            guard context.memcachedStatistics[.deleteHits] > before.deleted else { return }
            tell(.deletions, "deleted") { line in
                line.add(key: key)
                line.add("cmd", command == .md ? "md" : "delete")
                finish(&line, before.item, connection)
            }
        default: break
        }
    }

    private func countPrefix(_ command: MemcachedCommand, _ key: Bytes, isHit: Bool) {
        let use: MemcachedPrefixes.Use
        switch command {
        case .get, .gets, .gat, .gats, .binaryGet: use = .get(isHit: isHit)
        case .set, .add, .replace, .append, .prepend, .cas, .binarySet, .binaryAppend: use = .set
        case .delete, .binaryDelete: use = .delete
        default: return
        }
        server.memcachedPrefixes.note(
            use,
            key,
            delimiter: server.options.memcached.prefixDelimiter
        )
    }

    private func tellStore(
        _ command: MemcachedCommand,
        _ arguments: Arguments,
        _ before: ItemsBefore,
        _ connection: Connection
    ) {
        let status: StaticString
        if context.memcachedStatistics[.stored] > before.stored {
            status = "stored"
        } else if context.memcachedStatistics[.tooLarge] > before.tooLarge {
            status = "too_large"
        } else if context.memcachedStatistics[.casMismatches] > before.changed {
            status = "exists"
        } else if context.memcachedStatistics[.casMisses] > before.missed {
            status = "not_found"
        } else {
            status = "not_stored"
        }
        let after = item(arguments[1])
        tell(.mutations, "item_store") { line in
            line.add(key: arguments[1])
            line.add("status", status)
            line.add("cmd", Executor.storeName(command, arguments))
            line.add("ttl", Executor.secondsLeft(command, arguments, context.now))
            finish(&line, after, connection)
        }
    }

    /// What memcached calls a way to store.
    private static func storeName(
        _ command: MemcachedCommand,
        _ arguments: Arguments
    ) -> StaticString {
        switch command {
        case .binarySet, .binaryAppend, .binaryTooLarge:
            switch BinaryOpcode(rawValue: BinaryHeader(arguments[2]).opcode)?.plain {
            case .add: "add"
            case .replace: "replace"
            case .append: "append"
            case .prepend: "prepend"
            default: "set"
            }
        case .tooLarge: MemcachedCommand(parsed: arguments[2])?.name ?? "set"
        case .ms: "set"
        default: command.name
        }
    }

    /// The time that a request gives its item, in seconds; 0 for ever.
    private static func secondsLeft(
        _ command: MemcachedCommand,
        _ arguments: Arguments,
        _ now: Int64
    ) -> Int64 {
        var seconds: Int64 = 0
        switch command {
        case .set, .add, .replace, .cas: seconds = MemcachedNumber.signed(arguments[3]) ?? 0
        case .binarySet: seconds = Int64(arguments[3].bigEndian(4, as: UInt32.self))
        default: return 0
        }
        let expiry = MemcachedTime.expiry(seconds, now: now)
        return expiry.map { max(0, ($0 - now) / 1000) } ?? 0
    }

    private func finish(
        _ line: inout WatchLine,
        _ item: (size: Int, place: Int),
        _ connection: Connection
    ) {
        line.add("clsid", Int64(item.place))
        line.add("cfd", Int64(connection.descriptor))
        line.add("size", Int64(item.size))
    }

    private func tell(
        _ stream: WatchStreams,
        _ type: StaticString,
        _ body: (inout WatchLine) -> Void
    ) { server.tellWatchers(stream, type, body) }
}
