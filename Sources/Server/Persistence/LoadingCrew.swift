internal import Glibc
internal import Persistence
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// Loads the keys of a snapshot with all workers.
///
/// ```text
/// the loader's thread: scans the file ─▶ a batch per partition ─ full ─▶ a worker's mailbox
///                                                                    └▶ loads it itself, if all
///                                                                       others have enough to do
/// ```
/// While a batch is loaded, its partition is locked.
final class LoadingCrew: @unchecked Sendable {  // because: shared parts are atomic or locked
    private let loader: SnapshotLoader
    /// A reader of the file's bytes, for others to copy.
    private let template: RDBReader
    private let others: [Worker]
    private var nextOther = 0
    private var open: [LoadingBatch?]
    private var ownReader: RDBReader
    /// About how many keys a shard of each database will have; 0 if unknown.
    private var shardSizes: [Int]
    /// How many batches others have yet to load.
    private let waiting = Atomic<Int>(0)
    /// How many others are loading one.
    private let active = Atomic<Int>(0)
    private let hasFailed = Atomic<Bool>(false)
    private let failed = Locked<SnapshotLoader.Failure?>(nil)

    /// How many batches may wait for each of the others.
    private static let waitingMax = 4
    private static let pauseMicroseconds: UInt32 = 20

    /// Creates a crew for what `source` reads.
    init(_ loader: SnapshotLoader, _ source: borrowing RDBFile) {
        self.loader = loader
        template = source.reader.twin()
        ownReader = source.reader.twin()
        others = loader.worker.map { own in own.server.workers.filter { $0 !== own } } ?? []
        open = Array(repeating: nil, count: loader.keyspace.partitionCount)
        shardSizes = Array(repeating: 0, count: loader.keyspace.databaseCount)
    }

    /// Why loading cannot go on; nil if it can.
    var failure: SnapshotLoader.Failure? {
        guard hasFailed.load(ordering: .relaxed) else { return nil }
        return failed.withLock { $0 }
    }

    /// Notes that about `keys` keys of a database will be added.
    func expect(_ keys: Int, inDatabase database: Int) {
        guard database < shardSizes.count else { return }
        shardSizes[database] = keys / loader.keyspace.partitionCount
    }

    /// Adds a key whose value of `byteCount` bytes is at the offset `position`.
    func add(_ record: RDBFile.Record, at position: Int, byteCount: Int) {
        let hash = loader.keyspace.hasher(record.key)
        let partition = loader.keyspace.partition(hash)
        let batch = open[partition] ?? LoadingBatch(partition: partition)
        open[partition] = batch
        batch.add(record, hash, at: position, byteCount: byteCount)
        guard batch.isFull else { return }
        open[partition] = nil
        load(batch)
    }

    /// Gives up, and waits until nobody uses the file any more.
    func stop(because failure: SnapshotLoader.Failure) {
        fail(failure)
        while active.load(ordering: .sequentiallyConsistent) > 0 {
            usleep(LoadingCrew.pauseMicroseconds)
        }
    }

    /// Loads what is left, and waits until the others have loaded theirs.
    func finish() {
        for partition in open.indices {
            if let batch = open[partition] { load(batch) }
            open[partition] = nil
        }
        while waiting.load(ordering: .acquiring) > 0 {
            // Another worker may have stopped the world, or the server.
            if let worker = loader.worker {
                worker.serveRound(0)
                guard !worker.server.isStopping else { return stop(because: .ended) }
            }
            usleep(LoadingCrew.pauseMicroseconds)
        }
    }

    private func load(_ batch: LoadingBatch) {
        batch.shardSizes = shardSizes
        guard waiting.load(ordering: .relaxed) < others.count * LoadingCrew.waitingMax else {
            return load(batch, &ownReader)
        }
        waiting.add(1, ordering: .relaxed)
        nextOther = (nextOther + 1) % others.count
        others[nextOther].mailbox.put(
            .task { [self] _ in
                active.add(1, ordering: .sequentiallyConsistent)
                var reader = template.twin()
                load(batch, &reader)
                active.subtract(1, ordering: .sequentiallyConsistent)
                waiting.subtract(1, ordering: .releasing)
            }
        )
    }

    private func load(_ batch: LoadingBatch, _ reader: inout RDBReader) {
        guard !hasFailed.load(ordering: .sequentiallyConsistent) else { return }
        // With the world stopped, all partitions count as locked.
        let locks = loader.worker != nil
        if locks { loader.keyspace.lock(batch.partition) }
        defer { if locks { loader.keyspace.unlock(batch.partition) } }
        do throws(SnapshotLoader.Failure) { try batch.load(loader, &reader) } catch { fail(error) }
    }

    private func fail(_ failure: SnapshotLoader.Failure) {
        failed.withLock { if $0 == nil { $0 = failure } }
        hasFailed.store(true, ordering: .sequentiallyConsistent)
    }
}
