internal import Primitives
public import Store
internal import Structures

/// Why a key goes although no command removes it.
public enum RemovalReason: Sendable {
    /// It was due.
    case expired
    /// The last field of its hash was due.
    case emptied
}

/// What goes by itself: all of it passes `settleRemoval` or `settleFieldRemoval`, whoever met it,
/// while the partition is locked.
extension CommandContext {
    /// Removes the key at `slot`, of a database, for `reason`.
    public mutating func settleRemoval(
        of slot: Shard.Slot,
        in database: Int,
        reason: RemovalReason
    ) {
        assert(removesDue, "a replica waits for its primary's word")
        if case .expired = reason { statistics.add(.expiredKeys) }
        if _slowPath(effects.wants.rawValue != 0) { noteRemoval(of: slot, in: database, reason) }
        slot.shard.remove(slot)
    }

    /// Notes that the field `name` of the hash at `slot`, of a database, is about to go because it
    /// was due.
    mutating func settleFieldRemoval(_ name: Bytes, of slot: Shard.Slot, in database: Int) {
        statistics.add(.expiredFields)
        guard effects.wants.contains(.log) else { return }
        effects.records.begin("HDEL", in: database)
        effects.records.word(slot.entry.key)
        effects.records.word(name)
        effects.records.end()
    }

    /// Records that the key at `slot` is about to go.
    ///
    /// That is no change by a client: nothing is counted, and the record stands before that of the
    /// command which met the key.
    private mutating func noteRemoval(
        of slot: Shard.Slot,
        in database: Int,
        _ reason: RemovalReason
    ) {
        let key = Key(slot.entry.key, slot.shard.hash(slot.entry.key))
        switch reason {
        case .expired:
            effects.note(key, .expired, in: database)
            guard effects.wants.contains(.log) else { return }
            effects.records.begin("DEL", in: database)
            effects.records.word(key.bytes)
            effects.records.end()
        case .emptied:
            // The record of its last field takes the key along.
            effects.note(key, .del, in: database)
        }
    }

    /// Removes the key at `slot`, which is due, and says whether it did: not where what is due
    /// stays, and not while a command works on its value in slices.
    @discardableResult
    @inline(never)
    @usableFromInline
    mutating func removeDue(_ slot: Shard.Slot, in database: Int) -> Bool {
        guard removesDue, !slot.shard.isFrozen(slot.entry) else { return false }
        settleRemoval(of: slot, in: database, reason: .expired)
        return true
    }

    /// Removes the keys of `entries` of a shard, all of them due.
    ///
    /// An entry's block stays where it is while others go, unlike its place in the table.
    mutating func removeDue(_ entries: [Entry], of shard: Shard, in database: Int) {
        for entry in entries {
            let slot = shard.find(Key(entry.key, shard.hash(entry.key)))
            guard let slot else { preconditionFailure("nobody else removed the key") }
            removeDue(slot, in: database)
        }
    }

    /// Takes out fields of `hash` that are due, at most `budget` of them (of a pack all), and the
    /// key with the last one.
    ///
    /// Returns: whether the hash is still there.
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

    /// Removes what is due in a shard, keys and fields of hashes, as far as `budget` reaches.
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
