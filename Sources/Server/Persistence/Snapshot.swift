internal import Commands
internal import Primitives
internal import Store
internal import System

/// A snapshot in the making, of which every worker walks the partitions that it looks after.
///
/// ```text
/// cut (world stopped) ─▶ parts are watched ─▶ walks end, one after the other ─▶ output completes
///                                          └▶ the disk fails, or it is cancelled ─▶ walks give up
/// ```
final class Snapshot: @unchecked Sendable {  // because: parts have locks, the rest is constant
    private struct State {
        /// Parts that are still watched.
        var open: Int
        var result: SnapshotOutput.Result?
    }

    let output = SnapshotOutput()
    /// One part for each partition.
    let parts: [SnapshotPart]
    /// When it began, in seconds of the monotonic clock.
    let startedAt: Int64
    /// The changes that it contains, as Redis counts them.
    let changes: UInt64
    private let state: Locked<State>
    private let ended: @Sendable (Snapshot, SnapshotOutput.Result) -> Void

    /// The cut: all keys as they are now.
    ///
    /// The world is stopped. `ended` is called once, on any thread, when all is over.
    init(
        _ keyspace: Keyspace,
        _ settings: SnapshotFile.Settings,
        startedAt: Int64,
        changes: UInt64,
        ended: @escaping @Sendable (Snapshot, SnapshotOutput.Result) -> Void
    ) {
        self.startedAt = startedAt
        self.changes = changes
        self.ended = ended
        state = Locked(State(open: keyspace.partitionCount))
        let output = output
        parts = (0..<keyspace.partitionCount).map { _ in
            SnapshotPart(output, compresses: settings.compresses)
        }
        var shape = SnapshotShape()
        for (partition, part) in parts.enumerated() {
            keyspace.forEachShard(inPartition: partition) { shard, database in
                shape.add(shard)
                part.begin(shard, database)
            }
        }
        output.start(settings, shape) { [self] in settle(result: $0) }
    }

    /// Notes that a part is no longer watched.
    func partEnded() {
        let isLast = state.withLock { state in
            state.open -= 1
            return state.open == 0
        }
        if isLast { output.complete() }
        settle(result: nil)
    }

    private func settle(result: SnapshotOutput.Result?) {
        let final = state.withLock { state -> SnapshotOutput.Result? in
            if let result { state.result = result }
            guard state.open == 0, let end = state.result else { return nil }
            state.result = nil
            return end
        }
        if let final { ended(self, final) }
    }
}

extension Worker {
    /// How long the walks of one round take together, about.
    private static let walkNanoseconds: Int64 = 250_000

    /// Goes on with the snapshot in the making, if there is one.
    func walkSnapshot() {
        upkeep.isWalking = server.saver.running.map { walk($0) } ?? false
    }

    /// Walks on through the partitions that this worker looks after; false when there is nothing
    /// to do now.
    private func walk(_ snapshot: Snapshot) -> Bool {
        let keyspace = executor.context.keyspace
        let end = Clock.monotonicNanoseconds() + Worker.walkNanoseconds
        for partition in stride(from: index, to: keyspace.partitionCount, by: server.workerCount) {
            let part = snapshot.parts[partition]
            guard !part.isEnded else { continue }
            let isGivenUp = snapshot.output.isGivenUp
            guard isGivenUp || !snapshot.output.isFull else { return false }
            guard keyspace.tryLock(partition) else { return true }
            let isThrough = isGivenUp || part.walk(until: end)
            if isThrough { server.reaper.take(part.end(isComplete: !isGivenUp)) }
            keyspace.unlock(partition)
            if isThrough { snapshot.partEnded() }
            guard Clock.monotonicNanoseconds() < end else { return true }
        }
        return false
    }
}
