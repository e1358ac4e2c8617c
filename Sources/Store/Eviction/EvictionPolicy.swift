/// Which keys are evicted when memory runs out: `maxmemory-policy`.
public struct EvictionPolicy: Equatable, Sendable {
    /// The order in which keys are evicted.
    public enum Order: Equatable, Sendable {
        /// Never.
        case none
        /// Keys that were not used recently, or not often, come first (`lru`, `lfu`).
        case use
        /// Keys that were not written recently come first (`lrm`).
        case write
        /// Keys that expire soonest come first.
        case expiry
        /// At random.
        case random
    }

    /// The order in which keys are evicted.
    public let order: Order
    /// Whether only keys with an expiry are evicted.
    public let isVolatile: Bool

    /// Creates a policy from its parts.
    public init(_ order: Order, isVolatile: Bool) {
        self.order = order
        self.isVolatile = isVolatile
    }

    /// Keys are never evicted.
    public static let none = EvictionPolicy(.none, isVolatile: false)

    /// Whether the policy depends on the states of keys.
    public var usesStates: Bool { order == .use || order == .write }

    /// The number of keys in a shard that may be evicted.
    public func candidateCount(in shard: Shard) -> Int {
        guard order != .none else { return 0 }
        return isVolatile ? shard.volatileCount : shard.count
    }
}
