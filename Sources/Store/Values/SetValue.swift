public import Primitives
public import Structures

/// A set with a key.
///
/// Every change passes the gate first, and a new block or encoding is then stored in the entry.
public struct SetValue {
    /// The slot of the key; valid as long as no key is added or removed.
    public let slot: Shard.Slot
    /// The members.
    public private(set) var content: SetContent

    /// Views the set at `slot`.
    public init(_ slot: Shard.Slot) {
        self.slot = slot
        content = SetContent(slot.entry, in: slot.shard)
    }

    /// Adds `key`, which must be absent, with `content`, which is in `shard` and is taken over.
    public init(_ key: Key, takingOver content: SetContent, in shard: Shard) {
        precondition(content.shard.isSame(as: shard), "a set lies in its key's shard")
        slot = shard.insert(
            key,
            kind: .set,
            encoding: content.encoding.rawValue,
            expiry: nil,
            payload: 4
        )
        slot.entry.collection = content.root
        self.content = content
    }

    private func saveContent() {
        slot.entry.encoding = content.encoding.rawValue
        slot.entry.collection = content.root
    }

    // MARK: Changing

    /// Prepares for adding `count` members at once.
    public mutating func prepare(adding count: Int, _ limits: EncodingLimits) {
        let slot = slot
        content.prepare(adding: count, limits) { slot.shard.willEdit(slot) }
        saveContent()
    }

    /// Adds `member` unless it is present; returns whether it was added.
    ///
    /// `hash` is the hash of its text.
    public mutating func add(
        _ member: PackItem,
        _ hash: @autoclosure () -> KeyHash,
        _ limits: EncodingLimits
    ) -> Bool {
        let slot = slot
        guard content.add(member, hash(), limits, { slot.shard.willEdit(slot) }) else {
            return false
        }
        saveContent()
        return true
    }

    /// Removes `member`; returns whether it was present.
    ///
    /// The key stays, even without members.
    public mutating func remove(_ member: PackItem, _ hash: @autoclosure () -> KeyHash) -> Bool {
        let slot = slot
        guard content.remove(member, hash(), { slot.shard.willEdit(slot) }) else { return false }
        saveContent()
        return true
    }

    /// Calls `body` with a uniformly random member, then removes it.
    ///
    /// The key stays, even without members.
    ///
    /// Precondition: the set is not empty.
    public mutating func pop(_ random: inout FastRandom, _ body: (PackItem) -> Void) {
        slot.shard.willEdit(slot)
        content.pop(&random, body)
        saveContent()
    }

    /// Rebuilds the set from its members, so that it may get a smaller encoding.
    public mutating func remake(_ limits: EncodingLimits) {
        guard content.encoding == .table else { return }
        slot.shard.willEdit(slot)
        content.remake(limits)
        saveContent()
    }

    /// Removes the key if it has no members.
    ///
    /// Returns whether it did.
    @discardableResult
    public func removeIfEmpty() -> Bool {
        guard content.count == 0 else { return false }
        slot.shard.remove(slot)
        return true
    }
}
