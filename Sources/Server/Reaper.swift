internal import Glibc
internal import Store
internal import Synchronization
internal import System

/// A helper thread that gives back the memory of shards that FLUSHALL put aside.
@safe
final class Reaper: @unchecked Sendable {  // because: guarded by the mutex
    private let shards = Mutex<[Shard]>([])
    private let work: UnsafeMutablePointer<sem_t>

    init() {
        unsafe work = .allocate(capacity: 1)
        unsafe sem_init(work, 0, 0)
    }

    /// Starts the thread, which lives as long as the process.
    func start() { _ = Thread { [self] in run() } }

    /// Hands shards over that nobody else can reach any more.
    func take(_ retired: [Shard]) {
        shards.withLock { $0.append(contentsOf: retired) }
        unsafe _ = sem_post(work)
    }

    private func run() {
        while true {
            guard unsafe sem_wait(work) == 0 else { continue }
            let batch = shards.withLock { waiting in
                defer { waiting.removeAll() }
                return waiting
            }
            for shard in batch { shard.destroy() }
        }
    }
}
