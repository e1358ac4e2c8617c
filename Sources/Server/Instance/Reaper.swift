internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// A helper thread that frees the shards removed by FLUSHALL, indexes over hashes, and long lists
/// of subscriptions, and returns memory to the system.
final class Reaper: @unchecked Sendable {  // because: guarded by the mutex
    private let shards = Locked<[Shard]>([])
    private let indexes = Locked<[IndexedHashes]>([])
    private let ended = Locked<[Ended]>([])
    private let work = Doorbell()
    private let pending = Atomic<Int>(0)
    private let freed = Atomic<Int>(0)
    /// The bytes of clients' buffers freed since the allocator last returned memory to the system.
    private let releasedBytes = Atomic<Int>(0)
    private let purges = Atomic<Bool>(false)
    /// From this many freed bytes on, the allocator should return memory to the system.
    private static let releasedBytesMax = 8 << 20

    /// The number of values waiting to be freed.
    var pendingCount: Int { pending.load(ordering: .relaxed) }
    /// The number of values freed since the start, or since `forgetCount`.
    var freedCount: Int { freed.load(ordering: .relaxed) }

    /// Resets the count to zero.
    func forgetCount() { freed.store(0, ordering: .relaxed) }

    private static func values(_ shard: Shard) -> Int { shard.count + shard.remainCount }

    /// Starts the thread, which lives as long as the process.
    func start() { _ = Thread("reaper") { [self] in run() } }

    /// Takes over shards that nobody else can reach any more.
    func take(_ retired: [Shard]) {
        pending.add(retired.reduce(0) { $0 + Reaper.values($1) }, ordering: .relaxed)
        shards.withLock { $0.append(contentsOf: retired) }
        work.ring()
    }

    /// Frees an index over hashes.
    func free(_ index: consuming IndexedHashes) {
        let index = index
        indexes.withLock { $0.append(index) }
        work.ring()
    }

    /// Subscriptions that nobody else refers to.
    private struct Ended: @unchecked Sendable {  // because: nobody else can reach them
        let subscriptions: Subscriptions
    }

    /// Frees the ended subscriptions of a client, to which nobody else refers.
    func free(_ subscriptions: Subscriptions) {
        ended.withLock { $0.append(Ended(subscriptions: subscriptions)) }
        work.ring()
    }

    /// Counts freed bytes of clients' buffers.
    func note(released byteCount: Int) { releasedBytes.add(byteCount, ordering: .relaxed) }

    /// Returns memory freed from clients' buffers to the system, if there is much of it.
    ///
    /// Must be called from time to time.
    func purgeIfWorthwhile() {
        guard releasedBytes.load(ordering: .relaxed) >= Reaper.releasedBytesMax else { return }
        releasedBytes.store(0, ordering: .relaxed)
        purges.store(true, ordering: .relaxed)
        work.ring()
    }

    private func run() {
        while true {
            work.wait()
            let batch = shards.withLock { waiting in
                defer { waiting.removeAll() }
                return waiting
            }
            var old: [IndexedHashes] = []
            indexes.withLock { swap(&$0, &old) }
            let freesIndexes = !old.isEmpty
            old.removeAll()
            var ended: [Ended] = []
            self.ended.withLock { swap(&$0, &ended) }
            ended.removeAll()
            for shard in batch {
                let count = Reaper.values(shard)
                shard.destroy()
                pending.subtract(count, ordering: .relaxed)
                freed.add(count, ordering: .relaxed)
            }
            let purges = purges.exchange(false, ordering: .relaxed)
            if purges || freesIndexes || !batch.isEmpty, shards.withLock({ $0.isEmpty }) {
                ProcessMemory.giveBack()
            }
        }
    }
}
