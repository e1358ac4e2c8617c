internal import Primitives
internal import Store

/// Counts all keys by size for INFO keysizes.
///
/// Every worker scans its partitions, in slices, so that no request has to wait for long.
final class KeySizeSurvey: Sendable {
    /// The results of one worker.
    ///
    /// Until the worker answers, only the worker uses them; after that, only the asker. The message
    /// with the answer orders the two.
    private final class Findings: @unchecked Sendable {  // because: one thread has it at a time
        var sizes = KeySizes()
    }

    /// The progress of a worker.
    struct Place {
        var partition: Int
        /// The number of shards of the partition that are complete.
        var shards = 0
        var cursor: UInt64 = 0
    }

    /// The approximate duration of a slice.
    private static let sliceNanoseconds: Int64 = 250_000
    /// The number of scan steps between two checks of the clock.
    private static let stepsAtOnce = 16

    private let asker: UInt64
    private let home: Mailbox
    private let findings: [Findings]

    /// Creates a survey for the session `asker`, whose worker has the mailbox `home`.
    init(workers: Int, asker: UInt64, home: Mailbox) {
        self.asker = asker
        self.home = home
        findings = (0..<workers).map { _ in Findings() }
    }

    /// Starts the survey on all workers; each sends the asker an answer when it is done.
    func start(on workers: [Worker]) {
        for worker in workers { goOn(on: worker, from: Place(partition: worker.index)) }
    }

    private func goOn(on worker: Worker, from place: Place) {
        worker.mailbox.put(
            .task { [self] worker in
                let end = Clock.monotonicNanoseconds() + KeySizeSurvey.sliceNanoseconds
                if let next = look(on: worker, from: place, until: end) {
                    goOn(on: worker, from: next)
                } else {
                    home.put(.answer(session: asker))
                }
            }
        )
    }

    /// Counts keys on the thread of `worker`; returns where to continue, or nil at the end.
    func look(on worker: Worker, from start: Place, until end: Int64 = .max) -> Place? {
        let keyspace = worker.server.keyspace
        var place = start
        while place.partition < keyspace.partitionCount {
            // A locked partition is tried again in the next round.
            guard keyspace.tryLock(place.partition) else { return place }
            let isComplete = look(keyspace, &place, end, findings[worker.index])
            keyspace.unlock(place.partition)
            if !isComplete { return place }
            place = Place(partition: place.partition + worker.server.workerCount)
            let isLate = Clock.monotonicNanoseconds() >= end
            if isLate, place.partition < keyspace.partitionCount { return place }
        }
        return nil
    }

    private func look(
        _ keyspace: Keyspace,
        _ place: inout Place,
        _ end: Int64,
        _ found: Findings
    ) -> Bool {
        var index = 0
        var isComplete = true
        keyspace.forEachShard(inPartition: place.partition) { shard, database in
            defer { index += 1 }
            guard isComplete, index >= place.shards else { return }
            repeat {
                for _ in 0..<KeySizeSurvey.stepsAtOnce {
                    place.cursor = shard.scan(place.cursor) { found.sizes.add($0, database) }
                    if place.cursor == 0 { break }
                }
                isComplete = place.cursor == 0 || Clock.monotonicNanoseconds() < end
            } while isComplete && place.cursor != 0
            if isComplete { place.shards = index + 1 }
        }
        return isComplete
    }

    /// The sizes counted by all workers; available after the last answer.
    var sizes: KeySizes {
        findings.reduce(into: KeySizes()) { $0.add($1.sizes) }
    }
}
