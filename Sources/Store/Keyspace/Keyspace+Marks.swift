public import Primitives
internal import Structures

/// What makes requests take a closer look at a partition: the word beside its lock.
///
/// ```text
///   31      30        29       28        27 … 24   23 … 0
/// ┌───────┬─────────┬────────┬─────────┬─────────┬────────────────────────┐
/// │ tight │ tracked │ waited │ watched │ unused  │ number of frozen keys  │
/// └───────┴─────────┴────────┴─────────┴─────────┴────────────────────────┘
/// ```
/// A word of zero, the usual case, is all that the plain path looks at.
@frozen
public struct PartitionMarks: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// Wraps bits.
    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Some of its keys are watched by transactions to come.
    public static let watched = PartitionMarks(rawValue: 1 << 28)
    /// Clients wait for some of its keys.
    public static let waited = PartitionMarks(rawValue: 1 << 29)
    /// Clients cache some of its keys.
    public static let tracked = PartitionMarks(rawValue: 1 << 30)
    /// Memory is short; the partition's region sets it.
    public static let tight = PartitionMarks(rawValue: Region.tightBit)
    /// The bits of the number of frozen keys.
    static let frozen = PartitionMarks(rawValue: 1 << 24 - 1)
    /// Those that may keep a request from running.
    public static let obstacles: PartitionMarks = [.frozen, .tight]
}

extension Keyspace {
    /// Whether a partition has marks: requests take a closer look.
    @inlinable
    @inline(__always)
    public func isMarked(_ partition: Int) -> Bool {
        marks(partition).load(0, as: UInt32.self) != 0
    }

    /// Whether one of some partitions has marks.
    public func isMarked(_ partitions: PartitionSet) -> Bool {
        !partitions.allSatisfy { !isMarked($0) }
    }

    /// The marks of a partition, which is locked.
    public func marks(of partition: Int) -> PartitionMarks {
        PartitionMarks(rawValue: marks(partition).load(0))
    }

    /// The marks that some partitions, which are locked, have between them.
    ///
    /// Of the frozen keys this tells only whether there are any.
    public func marks(of partitions: PartitionSet) -> PartitionMarks {
        var union: PartitionMarks = []
        partitions.forEach { union.formUnion(marks(of: $0)) }
        return union
    }

    /// Sets or clears a mark, `.watched`, `.waited` or `.tracked`, of a partition, which is locked.
    public func mark(_ partition: Int, _ mark: PartitionMarks, _ isOn: Bool) {
        assert(mark.isDisjoint(with: .obstacles), "others keep that one")
        let marks = marks(of: partition)
        store(isOn ? marks.union(mark) : marks.subtracting(mark), partition)
    }

    /// Tells the number of frozen keys of a partition, which is locked.
    func mark(_ partition: Int, frozenKeys count: Int) {
        let frozen = PartitionMarks(rawValue: UInt32(count))
        assert(frozen.isSubset(of: .frozen), "fewer keys are frozen")
        store(marks(of: partition).subtracting(.frozen).union(frozen), partition)
    }

    private func store(_ marks: PartitionMarks, _ partition: Int) {
        self.marks(partition).store(marks.rawValue, 0)
    }

    /// Whether one of some partitions is short of memory.
    public func isTight(_ partitions: PartitionSet) -> Bool {
        marks(of: partitions).contains(.tight)
    }

    /// Whether a partition has frozen keys.
    public func hasFrozen(_ partition: Int) -> Bool {
        !marks(of: partition).isDisjoint(with: .frozen)
    }

    /// Whether one of some partitions has frozen keys.
    public func hasFrozen(_ partitions: PartitionSet) -> Bool {
        !marks(of: partitions).isDisjoint(with: .frozen)
    }
}
