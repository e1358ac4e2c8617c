/// A set of partitions of a keyspace.
@frozen
public struct PartitionSet: OptionSet, Sendable {
    /// One bit per partition.
    public let rawValue: UInt64

    /// Creates a set from its bits.
    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Creates a set of one partition.
    @inlinable
    public init(partition: Int) {
        assert((0..<64).contains(partition), "no such partition")
        rawValue = 1 << UInt64(partition)
    }

    /// The lowest partition, or nil if the set is empty.
    @inlinable
    public var first: Int? { isEmpty ? nil : rawValue.trailingZeroBitCount }

    /// The number of partitions.
    @inlinable
    public var count: Int { rawValue.nonzeroBitCount }

    /// Calls `body` with each partition, in ascending order, until it returns false.
    ///
    /// Returns whether it never did.
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

    /// Calls `body` with each partition, in ascending order.
    @inlinable
    public func forEach(_ body: (Int) -> Void) {
        allSatisfy {
            body($0)
            return true
        }
    }
}
