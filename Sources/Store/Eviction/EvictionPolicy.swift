/// Which keys go when memory runs out: `maxmemory-policy`.
public struct EvictionPolicy: Equatable, Sendable {
    /// In what order keys go.
    public enum Order: Equatable, Sendable {
        /// None goes.
        case none
        /// Those that were not used of late, or not often (`lru`, `lfu`).
        case use
        /// Those that were not written of late (`lrm`).
        case write
        /// Those that expire next.
        case expiry
        /// Any.
        case random
    }

    /// In what order keys go.
    public let order: Order
    /// Whether only keys with an expiry go.
    public let isVolatile: Bool

    /// Joins the two.
    public init(_ order: Order, isVolatile: Bool) {
        self.order = order
        self.isVolatile = isVolatile
    }

    /// No key goes.
    public static let none = EvictionPolicy(.none, isVolatile: false)

    /// Whether it chooses by the states of keys.
    public var usesStates: Bool { order == .use || order == .write }

    /// The keys of a shard among which it chooses.
    public func candidateCount(in shard: Shard) -> Int {
        guard order != .none else { return 0 }
        return isVolatile ? shard.volatileCount : shard.count
    }
}
