public import Primitives
internal import Structures

/// Marks that make requests take a closer look at a partition: a word beside its lock.
///
/// ```text
///   31      30        29       28        27         26      25, 24   23 … 0
/// ┌───────┬─────────┬────────┬─────────┬──────────┬───────┬────────┬───────────────────────┐
/// │ tight │ tracked │ waited │ watched │ observed │ saved │ unused │ number of frozen keys │
/// └───────┴─────────┴────────┴─────────┴──────────┴───────┴────────┴───────────────────────┘
/// ```
/// The fast path checks only whether this word is zero, which it usually is.
@frozen
public struct PartitionMarks: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// Creates marks from their bits.
    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Transactions watch some of its keys.
    public static let watched = PartitionMarks(rawValue: 1 << 28)
    /// Clients wait for some of its keys.
    public static let waited = PartitionMarks(rawValue: 1 << 29)
    /// Clients cache some of its keys.
    public static let tracked = PartitionMarks(rawValue: 1 << 30)
    /// Memory is short; set by the partition's region.
    public static let tight = PartitionMarks(rawValue: Region.tightBit)
    /// The previous values of its keys matter.
    public static let observed = PartitionMarks(rawValue: 1 << 27)
    /// A snapshot is being taken of it.
    public static let saved = PartitionMarks(rawValue: 1 << 26)
    /// The bits that hold the number of frozen keys.
    static let frozen = PartitionMarks(rawValue: 1 << 24 - 1)
    /// Marks that may prevent a request from running.
    public static let obstacles: PartitionMarks = [.frozen, .tight]

    /// Whether some keys are frozen.
    public var hasFrozen: Bool { !isDisjoint(with: .frozen) }
}

extension Keyspace {
    /// Whether a partition has marks.
    @inlinable
    @inline(__always)
    public func isMarked(_ partition: Int) -> Bool {
        marks(partition).load(0, as: UInt32.self) != 0
    }

    /// Whether any of the partitions has marks.
    public func isMarked(_ partitions: PartitionSet) -> Bool {
        !partitions.allSatisfy { !isMarked($0) }
    }

    /// The marks of a locked partition.
    public func marks(of partition: Int) -> PartitionMarks {
        PartitionMarks(rawValue: marks(partition).load(0))
    }

    /// The union of the marks of several locked partitions.
    ///
    /// The number of frozen keys is lost in it; only whether there are any is kept.
    public func marks(of partitions: PartitionSet) -> PartitionMarks {
        var union: PartitionMarks = []
        partitions.forEach { union.formUnion(marks(of: $0)) }
        return union
    }

    /// Sets or clears `.watched`, `.waited` or `.tracked` for a locked partition.
    public func mark(_ partition: Int, _ mark: PartitionMarks, _ isOn: Bool) {
        assert(mark.isDisjoint(with: .obstacles), "obstacles are set elsewhere")
        let marks = marks(of: partition)
        store(isOn ? marks.union(mark) : marks.subtracting(mark), partition)
    }

    /// Publishes the number of frozen keys of a locked partition.
    func mark(_ partition: Int, frozenKeys count: Int) {
        let frozen = PartitionMarks(rawValue: UInt32(count))
        assert(frozen.isSubset(of: .frozen), "fewer keys are frozen")
        store(marks(of: partition).subtracting(.frozen).union(frozen), partition)
    }

    private func store(_ marks: PartitionMarks, _ partition: Int) {
        self.marks(partition).store(marks.rawValue, 0)
    }

    /// Whether any of the partitions is short of memory.
    public func isTight(_ partitions: PartitionSet) -> Bool {
        marks(of: partitions).contains(.tight)
    }

    /// Whether a partition has frozen keys.
    public func hasFrozen(_ partition: Int) -> Bool {
        marks(of: partition).hasFrozen
    }

    /// Whether any of the partitions has frozen keys.
    public func hasFrozen(_ partitions: PartitionSet) -> Bool {
        marks(of: partitions).hasFrozen
    }
}
