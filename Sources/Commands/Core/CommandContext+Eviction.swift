internal import Primitives
public import Store
internal import Structures

/// Removing keys because memory has run out.
extension CommandContext {
    /// Removes up to `wanted` keys of a shard, whose partition is locked, as `policy` chooses them,
    /// until they were `bytes` or more.
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
                preconditionFailure("nobody else removed the key")
            }
            if victim.wasOnProbation { shard.rememberVictim(key.hash) }
            settleRemoval(of: slot, in: database, reason: .evicted)
        }
    }
}
