internal import Primitives
internal import Store
internal import Synchronization

/// The script that a worker runs, as other threads see it once it has run for a while.
final class RunningScript: Sendable {
    /// What is told of it.
    struct Details: Sendable {
        /// The name of the function, or the digest of the script.
        let name: [UInt8]
        /// The words that called it.
        let words: [[UInt8]]
        let isFunction: Bool
        /// Milliseconds since 1970.
        let startedAt: Int64
    }

    private let details = Locked<Details?>(nil)
    private let held = Atomic<UInt64>(0)
    private let kill = Atomic<Bool>(false)
    private let writes = Atomic<Bool>(false)

    /// Shows a script, unless one is shown already.
    func show(_ script: Details) {
        details.withLock { $0 = script }
    }

    /// The script that runs, if it does for a while.
    var shown: Details? { details.withLock { $0 } }

    /// The partitions that it holds, once it has run for too long.
    var busyPartitions: PartitionSet {
        PartitionSet(rawValue: held.load(ordering: .relaxed))
    }

    /// Says that it has run for too long, and what it holds.
    func turnBusy(holding partitions: PartitionSet) {
        held.store(partitions.rawValue, ordering: .relaxed)
    }

    /// Whether it has written, so that it may not be killed.
    var hasWritten: Bool { writes.load(ordering: .relaxed) }

    /// Notes that it has written.
    func noteWrite() { writes.store(true, ordering: .relaxed) }

    /// Asks it to end.
    func askToEnd() { kill.store(true, ordering: .relaxed) }

    /// Whether somebody has asked it to end.
    var mustEnd: Bool { kill.load(ordering: .relaxed) }

    /// Forgets the script, which has ended.
    func end() {
        details.withLock { $0 = nil }
        held.store(0, ordering: .relaxed)
        kill.store(false, ordering: .relaxed)
        writes.store(false, ordering: .relaxed)
    }
}
