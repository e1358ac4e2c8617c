internal import Commands
internal import Primitives
internal import Store
internal import System

/// A snapshot in progress; every worker walks the partitions that it maintains.
///
/// ```text
/// cut (world stopped) ─▶ parts are watched ─▶ walks end, one after the other ─▶ output completes
///                                          └▶ the disk fails, or it is cancelled ─▶ walks give up
/// ```
final class Snapshot: @unchecked Sendable {  // because: parts have locks, the rest is constant
    private struct State {
        /// The number of parts that are still watched.
        var open: Int
        var result: SnapshotOutput.Result?
    }

    let output = SnapshotOutput()
    /// One part per partition.
    let parts: [SnapshotPart]
    /// When it started, in seconds of the monotonic clock.
    let startedAt: Int64
    /// The number of changes that it contains, counted as in Redis.
    let changes: UInt64
    /// The number of keys that it contains.
    let keyCount: Int
    private let state: Locked<State>
    private let ended: @Sendable (Snapshot, SnapshotOutput.Result) -> Void

    /// Makes the cut: the snapshot contains all keys as they are now.
    ///
    /// The world must be stopped. `ended` is called once, on any thread, when the snapshot has
    /// ended.
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
            SnapshotPart(output, settings.form)
        }
        var shape = SnapshotShape()
        for (partition, part) in parts.enumerated() {
            keyspace.mark(partition, .saved, true)
            keyspace.forEachShard(inPartition: partition) { shard, database in
                shape.add(shard, database)
                part.begin(shard, database)
            }
        }
        keyCount = shape.keyCount
        output.start(settings, shape) { [self] in settle(result: $0) }
    }

    /// How much of it has been written, in percent of its keys.
    var percent: Double {
        keyCount == 0 ? 0 : 100 * Double(output.keyCount) / Double(keyCount)
    }

    /// Records that a part is no longer watched.
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
    /// About how long a worker walks per round.
    private static let walkNanoseconds: Int64 = 250_000

    /// Continues the snapshot in progress, if any and if the requests leave time for it.
    func walkSnapshot() {
        upkeep.isWalking = false
        let start = Clock.monotonicNanoseconds()
        let commands = executor.statistics[.commandsRun]
        // The walk is what postponed requests wait for.
        guard waiting.mustLookAgain || upkeep.walkPace.allows(at: start, commands: commands),
            let snapshot = server.saver.running
        else { return }
        upkeep.isWalking = walk(snapshot, until: start + Worker.walkNanoseconds)
        upkeep.walkPace.note(from: start, to: Clock.monotonicNanoseconds(), commands: commands)
    }

    /// Walks the partitions that this worker maintains; false if there is nothing to do now.
    private func walk(_ snapshot: Snapshot, until end: Int64) -> Bool {
        let keyspace = executor.context.keyspace
        for partition in stride(from: index, to: keyspace.partitionCount, by: server.workerCount) {
            let part = snapshot.parts[partition]
            guard !part.isEnded else { continue }
            let isGivenUp = snapshot.output.isGivenUp
            guard keyspace.tryLock(partition) else { return true }
            let isThrough = isGivenUp || part.walk(until: end)
            if isThrough {
                keyspace.mark(partition, .saved, false)
                server.reaper.take(part.end(isComplete: !isGivenUp))
            }
            let wasAwaited = part.takeAwaited()
            keyspace.unlock(partition)
            if wasAwaited { server.workEnded(on: self) }
            if isThrough { snapshot.partEnded() }
            guard Clock.monotonicNanoseconds() < end else { return true }
        }
        return false
    }
}
