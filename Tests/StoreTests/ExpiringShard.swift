import Structures

@testable import Store

/// Expiry as performed by commands and the server's tick.
extension Shard {
    /// The slot of `key`, or nil; removes a key that has expired at `now`.
    func find(_ key: Key, now: Int64) -> Slot? {
        guard let slot = find(key) else { return nil }
        guard slot.entry.isDue(now) else { return slot }
        remove(slot)
        return nil
    }

    /// Removes what has expired at `now`, within `budget`; returns whether some may be left.
    func expireDue(now: Int64, budget: inout Int) -> Bool {
        var fields = 0
        return expireDue(now: now, budget: &budget, &fields)
    }

    /// Like the other overload; also counts the removed fields.
    func expireDue(now: Int64, budget: inout Int, _ fields: inout Int) -> Bool {
        while let slot = nextDue(now: now, budget: &budget) {
            guard !slot.entry.isDue(now) else {
                remove(slot)
                continue
            }
            let hash = HashValue(slot)
            hash.dropDue(now: now, &budget) { _ in fields += 1 }
            hash.removeIfEmpty()
        }
        return budget <= 0
    }
}
