public import Primitives
public import Structures

/// A stream: reading, adding and removing entries.
///
/// The entry refers to the root block of a `Stream`, which never moves; there is only one encoding.
public struct StreamValue {
    /// The slot of the key; valid as long as no key is added or removed.
    public let slot: Shard.Slot
    let stream: Stream

    /// Views the stream at `slot`.
    public init(_ slot: Shard.Slot) {
        assert(slot.entry.isKind(.stream), "another kind of value")
        self.slot = slot
        stream = Stream(slot.entry.collection, slot.shard.arena)
    }

    var shard: Shard { slot.shard }

    // MARK: Facts

    /// The number of entries.
    public var count: Int { stream.count }
    /// The number of entries ever added.
    public var addedCount: Int64 { stream.addedCount }
    /// The greatest id ever assigned.
    public var lastID: StreamID { stream.lastID }
    /// The id of the first entry; zero if there is none.
    public var firstID: StreamID { stream.firstID }
    /// The greatest id deleted by name; zero if none was.
    public var deletedIDMax: StreamID { stream.deletedIDMax }
    /// The number of packs.
    public var packCount: Int { stream.packCount }

    // MARK: Reading

    /// Calls `body` with the entries from `lower` to `upper`, backwards if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the stream.
    public func walk(
        _ lower: StreamID,
        _ upper: StreamID,
        reversed: Bool = false,
        _ body: (StreamPack.Item) -> Bool
    ) {
        stream.walk(lower, upper, reversed: reversed, shard.arena, body)
    }

    /// The entry `id`, or nil.
    public func find(_ id: StreamID) -> StreamPack.Item? { stream.find(id, shard.arena) }

    /// The id of the last entry; zero if there is none.
    public var lastEntryID: StreamID { stream.edgeID(last: true, shard.arena) }

    /// The total size of its blocks in bytes, with packs estimated from the first ones.
    var byteCount: Int { stream.byteCount(shard.arena) }

    // MARK: Changing

    /// Adds a key, which must be absent, with an empty stream.
    public static func create(_ key: Key, in shard: Shard) -> StreamValue {
        let root = Stream.create(&shard.arena).root
        let slot = shard.insert(key, kind: .stream, encoding: 0, expiry: nil, payload: 4)
        slot.entry.collection = root
        return StreamValue(slot)
    }

    /// Appends an entry of `pairs` fields and values, which `word` returns alternately.
    ///
    /// `byteCount` is their total size; `id` must be above the last one.
    public func append(
        _ id: StreamID,
        pairs: Int,
        byteCount: Int,
        _ limits: EncodingLimits,
        _ word: (Int) -> Bytes
    ) {
        shard.willEdit(slot)
        let packLimits = Stream.PackLimits(
            bytesMax: limits.streamNodeBytesMax,
            entriesMax: limits.streamNodeEntriesMax
        )
        stream.append(
            id,
            pairs: pairs,
            byteCount: byteCount,
            packLimits,
            &shard.arena,
            word
        )
    }

    /// Deletes the entry `id`; returns whether it was there.
    public func remove(_ id: StreamID) -> Bool {
        guard find(id) != nil else { return false }
        shard.willEdit(slot)
        return stream.remove(id, &shard.arena)
    }

    /// Removes entries at the front; returns how many.
    ///
    /// Large parts are freed later.
    public func trim(_ trim: StreamTrim) -> Int {
        shard.willEdit(slot)
        let (removed, cut) = stream.trim(trim, &shard.arena)
        if let cut { shard.retire(.stream, 0, cut.root) }
        return removed
    }

    /// Sets the last id and, if given, the count of entries ever added and the greatest deleted id.
    public func setPast(lastID: StreamID, addedCount: Int64?, deletedIDMax: StreamID?) {
        shard.willEdit(slot)
        stream.lastID = lastID
        if let addedCount { stream.setAddedCount(addedCount, shard.arena) }
        if let deletedIDMax { stream.deletedIDMax = deletedIDMax }
    }

    // MARK: Whole values

    /// Frees up to `budget` blocks of a stream whose key is gone; returns true once all are freed.
    static func free(_ root: Handle, _ budget: inout Int, _ arena: inout Arena) -> Bool {
        Stream(root, arena).destroySome(&budget, &arena)
    }
}
