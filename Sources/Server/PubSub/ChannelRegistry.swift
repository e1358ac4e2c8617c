internal import Primitives
internal import Structures
internal import Synchronization

/// Which workers have subscribers of which channels and patterns.
///
/// This is the part of publish and subscribe that all workers share.
///
/// ```text
/// PUBLISH ─▶ lock the channel's stripe ─▶ a block for the message ─▶ mailbox of each worker that
///                                     has subscribers ─▶ each worker: one copy, a send per client
/// ```
/// A message is posted with its channel's stripe locked, even to the publisher's own worker, so
/// that all subscribers of a channel see its messages in the same order. The lock order is stripe,
/// patterns, mailbox, all after the locks of the keyspace.
final class ChannelRegistry: Sendable {
    static let stripeCount = 64

    private final class Stripe: Sendable {
        struct Tables {
            var channels = NameTable<Listeners>()
            var shardChannels = NameTable<Listeners>()

            /// Calls `body` with the table for a kind of channels; patterns have none here.
            mutating func table<Result>(
                _ kind: ChannelKind,
                _ body: (inout NameTable<Listeners>) -> Result
            ) -> Result {
                kind == .shardChannel ? body(&shardChannels) : body(&channels)
            }
        }

        let tables = Locked(Tables())
    }

    private let stripes = (0..<ChannelRegistry.stripeCount).map { _ in Stripe() }
    private let patterns: Locked<PatternIndex>
    private let channelCount = Atomic<Int>(0)
    private let patternCount = Atomic<Int>(0)
    private let shardChannelCount = Atomic<Int>(0)
    private let clients = Atomic<Int>(0)
    let hasher = KeyHasher()

    /// Creates a registry without subscribers.
    init(workers: Int) { patterns = Locked(PatternIndex(workers: workers, hasher: hasher)) }

    private func stripe(_ hash: UInt64) -> Stripe {
        stripes[Int(truncatingIfNeeded: hash) & (ChannelRegistry.stripeCount - 1)]
    }

    // MARK: Figures

    /// The number of channels, or patterns, with subscribers.
    func count(_ kind: ChannelKind) -> Int {
        switch kind {
        case .channel: channelCount.load(ordering: .relaxed)
        case .pattern: patternCount.load(ordering: .relaxed)
        case .shardChannel: shardChannelCount.load(ordering: .relaxed)
        }
    }

    private func add(_ change: Int, _ kind: ChannelKind) {
        switch kind {
        case .channel: channelCount.add(change, ordering: .relaxed)
        case .pattern: patternCount.add(change, ordering: .relaxed)
        case .shardChannel: shardChannelCount.add(change, ordering: .relaxed)
        }
    }

    /// Whether patterns, or channels other than sharded ones, have subscribers.
    var hasPlainListeners: Bool { count(.channel) > 0 || count(.pattern) > 0 }

    /// The number of clients with subscriptions.
    var clientCount: Int { clients.load(ordering: .relaxed) }

    /// Counts a client that gets its first subscription, or (-1) loses its last.
    func countClient(_ change: Int) { clients.add(change, ordering: .relaxed) }

    /// The number of subscribers of a channel, without those of matching patterns.
    func subscriberCount(_ channel: Bytes, _ kind: ChannelKind) -> Int {
        let hash = hasher(channel).bits
        return stripe(hash).tables.withLock { tables in
            tables.table(kind) { table in
                table.find(channel, hash).map { table[$0].count } ?? 0
            }
        }
    }

    /// Calls `body` with the name of every channel of a kind.
    func forEachChannel(_ kind: ChannelKind, _ body: (Bytes) -> Void) {
        for stripe in stripes {
            stripe.tables.withLock { tables in
                tables.table(kind) { table in
                    table.forEach { name, _, _ in name.withBytes { body($0) } }
                }
            }
        }
    }

    // MARK: Joining and leaving

    /// Adds a subscriber at a worker.
    ///
    /// Returns the number of the first post to the worker's mailbox that the subscriber receives.
    func join(_ name: [UInt8], _ hash: UInt64, _ kind: ChannelKind, at worker: Worker) -> UInt64 {
        guard kind != .pattern else {
            return patterns.withLock { index in
                if index.join(name, hash, worker: worker.index) { add(1, kind) }
                return worker.mailbox.postCount
            }
        }
        return stripe(hash).tables.withLock { tables in
            tables.table(kind) { table in
                let place = name.withBytes { table.find($0, hash) }
                if place == nil { add(1, kind) }
                _ = table[place ?? table.insert(name, hash, Listeners())].add(worker.index)
            }
            return worker.mailbox.postCount
        }
    }

    /// Removes a subscriber at a worker; `isLast` if it was the last one there.
    func leave(
        _ name: [UInt8],
        _ hash: UInt64,
        _ kind: ChannelKind,
        at worker: Worker,
        isLast: Bool
    ) {
        guard kind != .pattern else {
            return patterns.withLock { index in
                if index.leave(name, worker: worker.index, isLast: isLast) { add(-1, kind) }
            }
        }
        stripe(hash).tables.withLock { tables in
            tables.table(kind) { table in
                guard let place = name.withBytes({ table.find($0, hash) }) else {
                    preconditionFailure("only subscribers can leave")
                }
                guard table[place].remove(worker.index, isLast: isLast) else { return }
                table.remove(at: place)
                add(-1, kind)
            }
        }
    }

    // MARK: Publishing

    /// Posts a message to the subscribers of `channel` and of matching patterns; returns how many.
    ///
    /// If `mayWait` and a worker concerned has too many posts to deliver, posts nothing and returns
    /// nil.
    func publish(
        _ payload: Bytes,
        on channel: Bytes,
        _ kind: ChannelKind,
        among workers: [Worker],
        mayWait: Bool = false
    ) -> Int? {
        let usesPatterns = kind == .channel && count(.pattern) > 0
        guard usesPatterns || count(kind) > 0 else { return 0 }
        let hash = hasher(channel).bits
        return stripe(hash).tables.withLock { tables -> Int? in
            let listeners = tables.table(kind) { table in
                table.find(channel, hash).map { table[$0] } ?? Listeners()
            }
            guard usesPatterns else {
                if mayWait, isBusy(listeners.workers, workers) { return nil }
                post(payload, on: channel, hash, kind, listeners, workers)
                return listeners.count
            }
            return patterns.withLock { index -> Int? in
                if mayWait, isBusy(listeners.workers, workers) || isBusy(index.workers, workers) {
                    return nil
                }
                post(payload, on: channel, hash, kind, listeners, workers)
                var count = listeners.count
                index.forEachMatch(of: channel) { pattern, hash, listeners in
                    count += listeners.count
                    let post = pattern.withBytes {
                        Post.message(
                            payload,
                            on: channel,
                            matching: $0,
                            hash,
                            count: listeners.count
                        )
                    }
                    ChannelRegistry.send(post, to: listeners.workers, workers)
                }
                return count
            }
        }
    }

    private func isBusy(_ set: WorkerSet, _ workers: [Worker]) -> Bool {
        var isBusy = false
        set.forEach { if workers[$0].mailbox.hasManyPosts { isBusy = true } }
        return isBusy
    }

    private func post(
        _ payload: Bytes,
        on channel: Bytes,
        _ hash: UInt64,
        _ kind: ChannelKind,
        _ listeners: Listeners,
        _ workers: [Worker]
    ) {
        guard listeners.count > 0 else { return }
        let post = Post.message(payload, on: channel, hash, kind, count: listeners.count)
        ChannelRegistry.send(post, to: listeners.workers, workers)
    }

    /// Posts to each worker in `set`; takes over the block's reference.
    private static func send(_ post: Post, to set: WorkerSet, _ workers: [Worker]) {
        set.forEach { worker in
            post.block.retain()
            workers[worker].mailbox.post(post)
        }
        post.block.release()
    }
}
