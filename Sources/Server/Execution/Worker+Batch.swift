internal import CSupport
internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// The batch: requests of many connections, which run in order after their data is prefetched.
extension Worker {
    /// Replies beyond this size are sent before their client's batch is finished.
    static let replyBytesHeld = 256 * 1024

    /// Looks up the command of the words just parsed and appends the request to the batch.
    @inline(__always)
    func enqueue(_ connection: Connection, _ start: Int, _ count: Int) {
        round.batch.append(item(connection, start, count))
    }

    /// Creates a request from the words from `start` on.
    @inline(__always)
    func item(_ connection: Connection, _ start: Int, _ count: Int) -> Batch.Item {
        let arguments = round.words.arguments(start, count)
        let registry = executor.registry
        let row = registry.table.row(arguments[0]) ?? -1
        var hash = KeyHash(bits: 0)
        var hasKey = false
        if row >= 0 {
            let firstKey = registry.row(row).firstKey
            if firstKey > 0, firstKey < count {
                let keyspace = executor.context.keyspace
                hash = keyspace.hasher(arguments[firstKey])
                hasKey = true
                keyspace.prefetchBucket(hash, database: connection.session.database)
            }
        }
        return Batch.Item(
            connection: connection,
            start: start,
            count: count,
            row: row,
            hash: hash,
            hasKey: hasKey
        )
    }

    /// Runs all requests of the batch and empties it.
    ///
    /// Closes each client's replies when its last request has run; those of the client that is
    /// still being parsed stay open.
    func runBatch(parsing: Connection?) {
        if round.batch.count > 0 {
            self.parsing = parsing
            runRequests()
            self.parsing = nil
        }
        if parsing == nil { switchReplies(to: nil) }
    }

    private func runRequests() {
        let count = round.batch.count
        executor.readBulletin()
        if count > 1 { prefetchEntries(count) }
        var index = 0
        // A script that runs for long may have others' requests removed.
        while index < round.batch.count {
            let item = round.batch[index]
            index += 1
            item.withConnection { connection in
                if connection !== outbox.replying { switchReplies(to: connection) }
                guard connection.state.isDisjoint(with: .idle) else {
                    return hold(item, connection)
                }
                let arguments = round.words.arguments(item.start, item.count)
                if let wait = executor.run(item, arguments, connection) {
                    postpone(item, connection, wait)
                }
                // A few requests may produce large replies, which must not accumulate here unsent
                // and unseen by the client's limit.
                if _slowPath(executor.context.reply.buffer.count > Worker.replyBytesHeld) {
                    switchReplies(to: nil)
                }
            }
        }
        round.batch.removeAll()
        executor.running.end()
        postBroadcast()
    }

    // MARK: Prefetching

    private func prefetchEntries(_ count: Int) {
        let keyspace = executor.context.keyspace
        var seeking: UInt32 = 0
        for index in 0..<count {
            let item = round.batch[index]
            guard item.hasKey else { continue }
            let database = item.withConnection { $0.session.database }
            keyspace.prefetchEntry(item.hash, database: database)
            let member = executor.registry.row(Int(item.row)).memberWord
            if member > 0, member < item.count { seeking |= 1 << UInt32(index) }
        }
        guard seeking != 0 else { return }
        let large = prefetchMembers(seeking) { $0.prefetchMemberBucket($1, $2) }
        _ = prefetchMembers(large) { $0.prefetchMember($1, $2) }
    }

    /// Calls `body` with the shard, key and first member of the requests whose bits are set.
    ///
    /// Skips shards in use by another worker. Returns the bits of those for which it returned true.
    private func prefetchMembers(_ set: UInt32, _ body: (Shard, Key, Bytes) -> Bool) -> UInt32 {
        var found: UInt32 = 0
        var rest = set
        while rest != 0 {
            let bit = rest & ~(rest &- 1)
            rest &= rest &- 1
            let item = round.batch[bit.trailingZeroBitCount]
            let row = executor.registry.row(Int(item.row))
            let arguments = round.words.arguments(item.start, item.count)
            let database = item.withConnection { $0.session.database }
            let key = Key(arguments[row.firstKey], item.hash)
            let member = arguments[row.memberWord]
            executor.context.keyspace.withShardIfFree(of: item.hash, database: database) {
                if body($0, key, member) { found |= bit }
            }
        }
        return found
    }
}
