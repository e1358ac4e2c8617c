internal import Commands
internal import Primitives
internal import Store
internal import Synchronization

/// Client-side caching, as shared by all workers: who caches which keys, and who is notified.
///
/// ```text
/// a tracking client reads ────────▶ key remembered, partition marked ─┐ under
/// a change in a marked partition ─▶ key forgotten, a post to clients ─┘ the key's lock
/// ```
/// A client's reply is written while the lock is held or later, and the post reaches its worker
/// after that: a client is never notified of a change before it gets the value that was replaced.
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

    /// Creates the tables; no client tracks yet.
    init(partitions: Int) { tables = (0..<partitions).map { _ in TrackedKeys() } }

    // MARK: Figures

    /// The number of clients that track.
    var clientCount: Int { trackerCount.load(ordering: .relaxed) }

    /// The number of keys that clients cache, and the total number of clients of each.
    var keyCount: Int { keys.load(ordering: .relaxed) }
    var itemCount: Int { items.load(ordering: .relaxed) }

    /// The number of prefixes whose changes are broadcast.
    var prefixCount: Int { prefixCounter.load(ordering: .relaxed) }

    /// Whether changes are broadcast, so that all of them must be known.
    var broadcasts: Bool { broadcasters.load(ordering: .relaxed) > 0 }

    // MARK: Clients

    /// Adds a client that starts to track.
    func begin(_ tracker: Tracker) {
        trackers.withLock { $0[tracker.address.session] = tracker }
        trackerCount.add(1, ordering: .relaxed)
    }

    /// Broadcasts changes to keys with some prefixes to a client.
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

    /// Removes a client that stops tracking.
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

    /// Records that a client caches a key.
    func remember(_ key: Bytes, _ hash: KeyHash, _ partition: Int, for tracker: Tracker) {
        change(partition) { $0.insert(key, hash, tracker) }
    }

    /// Whether a partition must stay marked.
    ///
    /// The first partition is marked while any client tracks, so that flushes are noticed.
    func needsMark(_ partition: Int) -> Bool {
        tables[partition].count > 0 || partition == 0 && clientCount > 0
    }

    /// Forgets keys of a partition, and notifies their clients, while there are more than `limit`.
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

    /// Notifies clients of the keys that a command has changed on behalf of `session`, or 0.
    ///
    /// Keys to be broadcast are added to `broadcast`.
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
            if broadcast.isFull { post(&broadcast, workers) }
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

    /// Forgets all keys, as databases were emptied or swapped; all partitions are locked.
    private func forgetAll(_ workers: [Worker]) {
        for partition in tables.indices { change(partition) { $0.removeAll() } }
        let all = trackers.withLock { Array($0.values) }
        var invalidation = Invalidation.ofAll
        post(all, &invalidation, by: 0, workers)
        invalidation.release()
    }

    // MARK: Notifying

    /// Posts what a worker has gathered for broadcast.
    func post(_ broadcast: inout Broadcast, _ workers: [Worker]) {
        guard !broadcast.isEmpty else { return }
        prefixes.withLock { index in
            broadcast.take(index) { post($0, &$1, by: 0, workers) }
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
        var invalidation = Invalidation(count: 1, keys: text.bytes)
        post(trackers, &invalidation, by: session, workers)
        invalidation.release()
    }

    /// Posts an invalidation to clients, except to its author if that client uses NOLOOP.
    private func post(
        _ trackers: [Tracker],
        _ invalidation: inout Invalidation,
        by session: UInt64,
        _ workers: [Worker]
    ) {
        guard let home = trackers.first?.address.worker else { return }
        // Mostly, these are a few clients of one worker, and no list is made of them.
        let isSimple = trackers.allSatisfy {
            $0.address.worker == home && $0.target == 0 && $0.wants(changesBy: session)
        }
        if isSimple {
            return workers[home].mailbox.post(Post(invalidation.push(), to: trackers))
        }
        let told = trackers.filter { $0.wants(changesBy: session) }
        let direct = Dictionary(grouping: told.filter { $0.target == 0 }, by: \.address.worker)
        for (worker, trackers) in direct {
            workers[worker].mailbox.post(Post(invalidation.push(), to: trackers))
        }
        redirect(told.filter { $0.target != 0 }, &invalidation, workers)
    }

    /// Posts an invalidation to the clients that receive those of `trackers`.
    private func redirect(
        _ trackers: [Tracker],
        _ invalidation: inout Invalidation,
        _ workers: [Worker]
    ) {
        var redirected: [Int: [Post.Redirection]] = [:]
        for tracker in trackers {
            if let address = clients.find(tracker.target) {
                redirected[address.worker, default: []].append(
                    Post.Redirection(tracker: tracker, address: address)
                )
            } else {
                breakRedirection(tracker, workers)
            }
        }
        for (worker, redirections) in redirected {
            workers[worker].mailbox.post(Post(&invalidation, to: redirections))
        }
    }

    /// Records, and tells the client, that the recipient of its invalidations is gone.
    func breakRedirection(_ tracker: Tracker, _ workers: [Worker]) {
        tracker.breakRedirection()
        let block = Invalidation.brokenRedirection(to: tracker.target)
        workers[tracker.address.worker].mailbox.post(Post(block, to: [tracker]))
    }
}
