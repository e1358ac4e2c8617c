internal import Primitives
public import Store
internal import Structures

/// Eviction when memory has run out.
extension CommandContext {
    /// Evicts up to `wanted` keys, chosen by `policy`, from a shard of a locked partition.
    ///
    /// Stops once they held `bytes` or more.
    public mutating func evict(
        _ wanted: Int,
        from shard: Shard,
        of database: Int,
        by policy: EvictionPolicy,
        freeing bytes: Int
    ) {
        let before = shard.usedBytes
        shard.chooseVictims(policy, wanted: wanted, &random, &victims)
        defer { victims.removeAll(keepingCapacity: true) }
        for victim in victims where before - shard.usedBytes < bytes {
            let key = Key(victim.entry.key, shard.hash(victim.entry.key))
            guard let slot = shard.find(key) else {
                preconditionFailure("the key was chosen a moment ago")
            }
            if victim.wasOnProbation { shard.rememberVictim(key.hash) }
            settleRemoval(of: slot, in: database, reason: .evicted)
        }
    }
}
