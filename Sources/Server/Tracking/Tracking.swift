internal import Commands
internal import Primitives
internal import Store
internal import Synchronization

/// Who caches what, and who is told when it changes: what all workers share of client-side caching.
///
/// ```text
/// a tracking client reads ────────▶ key remembered, partition marked ─┐ under
/// a change in a marked partition ─▶ key forgotten, a post to clients ─┘ the key's lock
/// ```
/// A client's reply is written while the lock is held or after it, and the post comes to its worker
/// later: it is never told of a change before it has the value that the change replaces.
final class Tracking: Sendable {
    let clients = ClientDirectory()
    /// By partition; guarded by the partitions' locks.
    private let tables: [TrackedKeys]
    private let trackers = Locked<[UInt64: Tracker]>([:])
    private let prefixes = Locked(TrackedPrefixes())
    private let trackerCount = Atomic<Int>(0)
    private let keys = Atomic<Int>(0)
    private let items = Atomic<Int>(0)
    private let prefixCounter = Atomic<Int>(0)
    private let broadcasters = Atomic<Int>(0)

    /// Nobody tracks anything yet.
    init(partitions: Int) { tables = (0..<partitions).map { _ in TrackedKeys() } }

    // MARK: Figures

    /// The clients that track.
    var clientCount: Int { trackerCount.load(ordering: .relaxed) }

    /// The keys that clients cache, and how many cache each, in all.
    var keyCount: Int { keys.load(ordering: .relaxed) }
    var itemCount: Int { items.load(ordering: .relaxed) }

    /// The prefixes of which changes are broadcast.
    var prefixCount: Int { prefixCounter.load(ordering: .relaxed) }

    /// Whether changes are broadcast, so that all of them must be known.
    var broadcasts: Bool { broadcasters.load(ordering: .relaxed) > 0 }

    // MARK: Clients

    /// Takes up a client that begins to track.
    func begin(_ tracker: Tracker) {
        trackers.withLock { $0[tracker.address.session] = tracker }
        trackerCount.add(1, ordering: .relaxed)
    }

    /// Has changes of keys with some prefixes broadcast to a client.
    func broadcast(_ added: [[UInt8]], to tracker: Tracker) {
        if tracker.prefixes.isEmpty { broadcasters.add(1, ordering: .relaxed) }
        prefixes.withLock { index in
            for prefix in added {
                tracker.add(prefix: prefix)
                index.insert(prefix, tracker)
            }
            prefixCounter.store(index.count, ordering: .relaxed)
        }
    }

    /// Lets go of a client that tracks no more.
    func end(_ tracker: Tracker) {
        tracker.end()
        trackers.withLock { $0[tracker.address.session] = nil }
        trackerCount.subtract(1, ordering: .relaxed)
        guard !tracker.prefixes.isEmpty else { return }
        broadcasters.subtract(1, ordering: .relaxed)
        prefixes.withLock { index in
            for prefix in tracker.prefixes { index.remove(prefix, tracker) }
            prefixCounter.store(index.count, ordering: .relaxed)
        }
    }

    // MARK: Keys; their partition is locked

    /// Remembers that a client caches a key.
    func remember(_ key: Bytes, _ hash: KeyHash, _ partition: Int, for tracker: Tracker) {
        change(partition) { $0.insert(key, hash, tracker) }
    }

    /// Whether a partition must stay marked.
    ///
    /// The first one is as long as somebody tracks, so that a flush is told of.
    func needsMark(_ partition: Int) -> Bool {
        tables[partition].count > 0 || partition == 0 && clientCount > 0
    }

    /// Forgets keys of a partition, and says so, as far as there are more than `limit` in all.
    func trim(
        _ partition: Int,
        to limit: Int,
        _ random: inout FastRandom,
        _ budget: inout Int,
        _ workers: [Worker]
    ) {
        while limit > 0, keyCount > limit, budget > 0 {
            let victim = change(partition) { $0.removeAny(random.next()) }
            guard let (key, trackers) = victim else { return }
            key.withBytes { invalidate($0, trackers, by: 0, workers) }
            budget -= 1
        }
    }

    /// Tells of the keys that a command changed on behalf of `session`, or 0; those that are to be
    /// broadcast go into `broadcast`.
    func take(
        _ effects: borrowing Effects,
        _ keyspace: Keyspace,
        by session: UInt64,
        _ broadcast: inout Broadcast,
        _ workers: [Worker]
    ) {
        let broadcasts = broadcasts
        var isFlushed = false
        for touch in effects.touches where touch.event.isChange {
            guard !touch.isWholeDatabase else {
                if !isFlushed { forgetAll(workers) }
                isFlushed = true
                continue
            }
            let partition = keyspace.partition(touch.hash)
            let key = effects.key(touch)
            if tables[partition].count > 0 {
                let found = change(partition) { $0.remove(key, touch.hash) }
                invalidate(key, found, by: session, workers)
            }
            if !needsMark(partition) { keyspace.mark(partition, .tracked, false) }
            guard broadcasts else { continue }
            broadcast.note(key, touch.hash, by: session)
            if broadcast.isFull { tell(&broadcast, workers) }
        }
    }

    private func change<Result>(_ partition: Int, _ body: (TrackedKeys) -> Result) -> Result {
        let table = tables[partition]
        let before = (table.count, table.itemCount)
        defer {
            keys.add(table.count - before.0, ordering: .relaxed)
            items.add(table.itemCount - before.1, ordering: .relaxed)
        }
        return body(table)
    }

    /// Forgets all keys, as databases were emptied or exchanged; all partitions are locked.
    private func forgetAll(_ workers: [Worker]) {
        for partition in tables.indices { change(partition) { $0.removeAll() } }
        let all = trackers.withLock { Array($0.values) }
        let invalidation = Invalidation.ofAll
        tell(all, invalidation, by: 0, workers)
        invalidation.release()
    }

    // MARK: Telling

    /// Has what a worker gathered told.
    func tell(_ broadcast: inout Broadcast, _ workers: [Worker]) {
        guard !broadcast.isEmpty else { return }
        prefixes.withLock { index in
            broadcast.take(index) { tell($0, $1, by: 0, workers) }
        }
    }

    private func invalidate(
        _ key: Bytes,
        _ trackers: [Tracker],
        by session: UInt64,
        _ workers: [Worker]
    ) {
        guard !trackers.isEmpty else { return }
        var text = ByteBuffer()
        text.append(bulk: key)
        let invalidation = Invalidation(count: 1, keys: text.bytes)
        tell(trackers, invalidation, by: session, workers)
        invalidation.release()
    }

    /// Posts an invalidation to clients, but not to one whose own change it was and who does not
    /// want to know.
    private func tell(
        _ trackers: [Tracker],
        _ invalidation: Invalidation,
        by session: UInt64,
        _ workers: [Worker]
    ) {
        var direct: [Int: [Tracker]] = [:]
        var redirected: [Int: [Post.Redirection]] = [:]
        for tracker in trackers where !tracker.hasEnded {
            let isOwn = tracker.address.session == session
            if isOwn, tracker.mode.contains(.skipsOwn) { continue }
            if tracker.target == 0 {
                direct[tracker.address.worker, default: []].append(tracker)
            } else if let address = clients.find(tracker.target) {
                redirected[address.worker, default: []].append(
                    Post.Redirection(tracker: tracker, address: address)
                )
            } else {
                breakRedirection(tracker, workers)
            }
        }
        for (worker, trackers) in direct {
            invalidation.push.retain()
            workers[worker].mailbox.post(Post(invalidation.push, to: trackers))
        }
        for (worker, redirections) in redirected {
            invalidation.push.retain()
            invalidation.message.retain()
            workers[worker].mailbox.post(Post(invalidation, to: redirections))
        }
    }

    /// Notes, and tells a client, that the client which should be told in its place is gone.
    func breakRedirection(_ tracker: Tracker, _ workers: [Worker]) {
        tracker.breakRedirection()
        let block = Invalidation.brokenRedirection(to: tracker.target)
        workers[tracker.address.worker].mailbox.post(Post(block, to: [tracker]))
    }
}
