import Structures
@testable import Store

extension Shard {
    /// `insertCopy` with a copy that is completed at once.
    func insertCopy(of source: Slot, as key: Key, expiry: Int64?) {
        insertCopy(of: source, as: key, expiry: expiry, whole(source))
    }

    /// `insertMoved` with a copy, if one is needed, that is completed at once.
    func insertMoved(_ source: Slot, as key: Key, expiry: Int64?) {
        let copy = source.shard.isSame(as: self) ? nil : whole(source)
        insertMoved(source, as: key, expiry: expiry, copy)
    }

    private func whole(_ source: Slot) -> ValueCopy? {
        guard !source.entry.isKind(.string) else { return nil }
        var copy = ValueCopy(of: source, for: self)
        var budget = Int.max
        return copy.copySome(&budget) ? copy : nil
    }
}
