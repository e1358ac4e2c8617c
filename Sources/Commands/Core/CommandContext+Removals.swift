internal import Primitives
public import Store
internal import Structures

/// Why a key is removed other than by a command.
public enum RemovalReason: Sendable {
    /// It has expired.
    case expired
    /// The last field of its hash has expired.
    case emptied
    /// Memory has run out.
    case evicted
}

/// Removals not caused by commands.
///
/// All of them pass `settleRemoval` or `settleFieldRemoval`, whoever triggered them, with the
/// partition locked.
extension CommandContext {
    /// Removes the key at `slot`, in `database`, for `reason`.
    public mutating func settleRemoval(
        of slot: Shard.Slot,
        in database: Int,
        reason: RemovalReason
    ) {
        assert(removesDue || reason == .evicted, "a replica waits for its primary to remove it")
        switch reason {
        case .expired: statistics.add(.expiredKeys)
        case .evicted:
            statistics.add(.evictedKeys)
            whenEvicted?(slot)
        case .emptied: break
        }
        if _slowPath(effects.wants.rawValue != 0) { noteRemoval(of: slot, in: database, reason) }
        slot.shard.remove(slot)
    }

    /// Records that the field `name` of the hash at `slot` has expired and is about to be removed.
    mutating func settleFieldRemoval(_ name: Bytes, of slot: Shard.Slot, in database: Int) {
        statistics.add(.expiredFields)
        self.name(name)
        guard effects.wants.contains(.log) else { return }
        effects.records.begin("HDEL", in: database)
        effects.records.word(slot.entry.key)
        effects.records.word(name)
        effects.records.end()
    }

    /// Records that the key at `slot` is about to be removed.
    ///
    /// This is not a change made by a client: nothing is counted, and the record precedes that of
    /// the command that triggered the removal.
    private mutating func noteRemoval(
        of slot: Shard.Slot,
        in database: Int,
        _ reason: RemovalReason
    ) {
        let key = Key(slot.entry.key, slot.shard.hash(slot.entry.key))
        switch reason {
        case .expired, .evicted:
            effects.note(key, reason == .expired ? .expired : .evicted, in: database)
            guard effects.wants.contains(.log) else { return }
            effects.records.begin("DEL", in: database)
            effects.records.word(key.bytes)
            effects.records.end()
        case .emptied:
            // The record of its last field's removal removes the key as well.
            effects.note(key, .del, in: database)
        }
    }

    /// Removes the expired key at `slot`; returns whether it did.
    ///
    /// It does not if expired keys are kept, or while a command works on the value in slices.
    @discardableResult
    @inline(never)
    @usableFromInline
    mutating func removeDue(_ slot: Shard.Slot, in database: Int) -> Bool {
        guard removesDue, !slot.shard.isFrozen(slot.entry) else { return false }
        settleRemoval(of: slot, in: database, reason: .expired)
        return true
    }

    /// Removes the keys of `entries` of a shard, all of which have expired.
    ///
    /// Unlike its slot in the table, an entry's block does not move when others are removed.
    mutating func removeDue(_ entries: [Entry], of shard: Shard, in database: Int) {
        for entry in entries {
            let slot = shard.find(Key(entry.key, shard.hash(entry.key)))
            guard let slot else { preconditionFailure("the key has not been removed yet") }
            removeDue(slot, in: database)
        }
    }

    /// Removes up to `budget` expired fields of `hash` (in a pack, all of them).
    ///
    /// Removes the key with the last field. Returns whether the hash still exists.
    mutating func removeDueFields(
        of hash: HashValue,
        in database: Int,
        _ budget: inout Int
    ) -> Bool {
        guard removesDue else { return true }
        let before = statistics[.expiredFields]
        hash.dropDue(now: now, &budget) { settleFieldRemoval($0, of: hash.slot, in: database) }
        if _slowPath(effects.wants.rawValue != 0), statistics[.expiredFields] != before {
            let key = hash.slot.entry.key
            effects.note(Key(key, hash.slot.shard.hash(key)), .hExpired, in: database)
        }
        guard hash.count == 0 else { return true }
        settleRemoval(of: hash.slot, in: database, reason: .emptied)
        return false
    }

    /// Removes expired keys, and expired fields of hashes, from a shard until `budget` is used up.
    ///
    /// Complexity: O(budget).
    public mutating func removeDue(in shard: Shard, database: Int, _ budget: inout Int) {
        guard removesDue else { return }
        while let slot = shard.nextDue(now: now, budget: &budget) {
            if slot.entry.isDue(now) {
                settleRemoval(of: slot, in: database, reason: .expired)
            } else {
                _ = removeDueFields(of: HashValue(slot), in: database, &budget)
            }
        }
    }
}
