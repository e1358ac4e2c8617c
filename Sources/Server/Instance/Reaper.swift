internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// A helper thread that gives back the memory of shards that FLUSHALL put aside, to the system too.
final class Reaper: @unchecked Sendable {  // because: guarded by the mutex
    private let shards = Locked<[Shard]>([])
    private let work = Doorbell()
    private let pending = Atomic<Int>(0)
    private let freed = Atomic<Int>(0)
    /// Bytes of clients' buffers that the allocator got back since it last gave its memory back.
    private let releasedBytes = Atomic<Int>(0)
    private let purges = Atomic<Bool>(false)
    /// From so many released bytes on the allocator is to give its memory back.
    private static let releasedBytesMax = 8 << 20

    /// The values that wait to be freed.
    var pendingCount: Int { pending.load(ordering: .relaxed) }
    /// The values freed since the start, or since `forgetCount`.
    var freedCount: Int { freed.load(ordering: .relaxed) }

    /// Counts from zero again.
    func forgetCount() { freed.store(0, ordering: .relaxed) }

    private static func values(_ shard: Shard) -> Int { shard.count + shard.remainCount }

    /// Starts the thread, which lives as long as the process.
    func start() { _ = Thread("reaper") { [self] in run() } }

    /// Hands shards over that nobody else can reach any more.
    func take(_ retired: [Shard]) {
        pending.add(retired.reduce(0) { $0 + Reaper.values($1) }, ordering: .relaxed)
        shards.withLock { $0.append(contentsOf: retired) }
        work.ring()
    }

    /// Counts bytes of clients' buffers that were freed.
    func note(released byteCount: Int) { releasedBytes.add(byteCount, ordering: .relaxed) }

    /// Gives back to the system what clients' buffers have left with the allocator, if it is much.
    ///
    /// To be called from time to time.
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
            for shard in batch {
                let count = Reaper.values(shard)
                shard.destroy()
                pending.subtract(count, ordering: .relaxed)
                freed.add(count, ordering: .relaxed)
            }
            let purges = purges.exchange(false, ordering: .relaxed)
            if purges || !batch.isEmpty, shards.withLock({ $0.isEmpty }) {
                ProcessMemory.giveBack()
            }
        }
    }
}
