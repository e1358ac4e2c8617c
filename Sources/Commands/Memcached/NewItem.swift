internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// An item that a request stores.
struct NewItem {
    /// What must stand at its key for it to be stored.
    enum Condition {
        /// Nothing at all.
        case free
        /// Another item.
        case taken
        /// An item with this version; nil is none.
        case version(UInt64?)
    }

    /// Whether it was stored, and if not, why.
    enum Outcome {
        case stored
        /// Something stands at its key already.
        case exists
        /// There is no item at its key.
        case missing
        /// The item at its key has another version.
        case changed
    }

    let value: Bytes
    let head: ItemHead
    let expiry: Int64?
    /// Whether the log keeps its version, as it keeps those that clients choose.
    var logsVersion = true

    /// Stores it at `key` where the condition holds.
    func store(
        _ key: Key,
        if condition: Condition,
        _ context: inout CommandContext
    ) -> Outcome {
        context.memcachedStatistics.add(.sets)
        let standing = context.find(key)
        let item = standing.flatMap { $0.entry.isKind(.string) ? $0 : nil }
        switch condition {
        case .free: guard standing == nil else { return .exists }
        case .taken: guard item != nil else { return .missing }
        case .version(let expected):
            guard let item else {
                context.memcachedStatistics.add(.casMisses)
                return .missing
            }
            let current = item.entry.itemHead.cas
            guard current != 0, current == expected else {
                context.memcachedStatistics.add(.casMismatches)
                return .changed
            }
            context.memcachedStatistics.add(.casHits)
        }
        put(key, at: standing, &context)
        return .stored
    }

    /// Stores it in place of what stands at `slot`.
    @inline(__always)
    func put(_ key: Key, at slot: Shard.Slot?, _ context: inout CommandContext) {
        context.storeItem(
            key,
            value,
            head,
            expiry: expiry,
            at: slot,
            logsVersion: logsVersion
        )
    }
}
