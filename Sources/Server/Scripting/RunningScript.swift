internal import Primitives
internal import Store
internal import Synchronization

/// The script that a worker is running, as seen by other threads once it has run for a while.
final class RunningScript: Sendable {
    /// What others may know about it.
    struct Details: Sendable {
        /// The name of the function, or the digest of the script.
        let name: [UInt8]
        /// The words of the request that called it.
        let words: [[UInt8]]
        let isFunction: Bool
        /// Milliseconds since 1970.
        let startedAt: Int64
    }

    private let details = Locked<Details?>(nil)
    private let held = Atomic<UInt64>(0)
    private let kill = Atomic<Bool>(false)
    private let writes = Atomic<Bool>(false)

    /// Publishes a script, unless one is published already.
    func show(_ script: Details) {
        details.withLock { $0 = script }
    }

    /// The running script, once it has run for a while.
    var shown: Details? { details.withLock { $0 } }

    /// The partitions that it has locked, once it has run for too long.
    var busyPartitions: PartitionSet {
        PartitionSet(rawValue: held.load(ordering: .relaxed))
    }

    /// Records that it has run for too long, and the partitions that it has locked.
    func turnBusy(holding partitions: PartitionSet) {
        held.store(partitions.rawValue, ordering: .relaxed)
    }

    /// Whether it has written, so that it must not be killed.
    var hasWritten: Bool { writes.load(ordering: .relaxed) }

    /// Records that it has written.
    func noteWrite() { writes.store(true, ordering: .relaxed) }

    /// Requests that it stop.
    func askToEnd() { kill.store(true, ordering: .relaxed) }

    /// Whether it has been requested to stop.
    var mustEnd: Bool { kill.load(ordering: .relaxed) }

    /// Removes the script, which has ended.
    func end() {
        details.withLock { $0 = nil }
        held.store(0, ordering: .relaxed)
        kill.store(false, ordering: .relaxed)
        writes.store(false, ordering: .relaxed)
    }
}
