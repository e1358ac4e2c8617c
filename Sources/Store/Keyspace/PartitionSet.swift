/// Some of the partitions of a keyspace.
@frozen
public struct PartitionSet: OptionSet, Sendable {
    /// A bit for each partition.
    public let rawValue: UInt64

    /// Wraps bits.
    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// One partition.
    @inlinable
    public init(partition: Int) {
        assert((0..<64).contains(partition), "no such partition")
        rawValue = 1 << UInt64(partition)
    }

    /// The lowest partition, or nil of none.
    @inlinable
    public var first: Int? { isEmpty ? nil : rawValue.trailingZeroBitCount }

    /// The number of partitions.
    @inlinable
    public var count: Int { rawValue.nonzeroBitCount }

    /// Calls `body` with the partitions in ascending order until it says false; returns whether it
    /// never did.
    @inlinable
    @discardableResult
    public func allSatisfy(_ body: (Int) -> Bool) -> Bool {
        var rest = rawValue
        while rest != 0 {
            guard body(rest.trailingZeroBitCount) else { return false }
            rest &= rest &- 1
        }
        return true
    }

    /// Calls `body` with the partitions in ascending order.
    @inlinable
    public func forEach(_ body: (Int) -> Void) {
        allSatisfy {
            body($0)
            return true
        }
    }
}
