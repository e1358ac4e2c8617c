internal import Primitives
public import Structures

/// Strings with an `ItemHead`: what memcached's protocols keep in addition to a value.
///
/// All other commands see a plain string; when they set or edit it, the head is dropped.
extension StringValue {
    @inline(never)
    @usableFromInline
    static func itemContent(_ entry: Entry) -> StringContent {
        content(entry, at: entry.stringOffset)
    }

    /// As `set`, with the head that memcached's protocols keep.
    ///
    /// Takes over a block's reference.
    ///
    /// Complexity: O(bytes).
    @discardableResult
    public static func setItem(
        _ key: Key,
        _ content: StringContent,
        _ head: ItemHead,
        expiry: Int64?,
        at slot: Shard.Slot?,
        in shard: Shard
    ) -> Shard.Slot {
        if head.isPlain { return set(key, content, expiry: expiry, at: slot, in: shard) }
        if case .bytes(let bytes) = content, bytes.count > Entry.inlineValueMax {
            return setItem(key, .block(block(bytes)), head, expiry: expiry, at: slot, in: shard)
        }
        let (encoding, payload) = layout(content)
        let bits = encoding.rawValue | Entry.itemBit
        let room = head.byteCount + payload
        let target: Shard.Slot
        if let slot {
            if needsFreeing(slot.entry) { shard.discardValue(slot) }
            target = shard.rebuild(
                slot,
                kind: .string,
                encoding: bits,
                expiry: expiry,
                payload: room
            )
        } else {
            target = shard.insert(
                key,
                kind: .string,
                encoding: bits,
                expiry: expiry,
                payload: room
            )
        }
        let entry = target.entry
        write(content, to: entry, at: head.write(to: entry.cell, at: entry.valueOffset), in: shard)
        return target
    }

    private static func write(
        _ content: StringContent,
        to entry: Entry,
        at offset: Int,
        in shard: Shard
    ) {
        switch content {
        case .bytes(let bytes): entry.writeInline(bytes, at: offset)
        case .integer(let number): entry.cell.store(number, offset)
        case .block(let block):
            entry.cell.store(block.address, offset)
            countExternal(block.byteCount, in: shard)
        }
    }

    /// Replaces the head of the string at `slot` and keeps its value.
    ///
    /// Complexity: O(1) if the head keeps its size or the value is external, otherwise O(bytes).
    @discardableResult
    public static func setHead(
        _ slot: Shard.Slot,
        _ head: ItemHead,
        in shard: Shard
    ) -> Shard.Slot {
        let entry = slot.entry
        let old = entry.itemHead
        guard old != head else { return slot }
        if old.byteCount == head.byteCount {
            shard.willEdit(slot)
            _ = head.write(to: entry.cell, at: entry.valueOffset)
            return slot
        }
        return rebuild(slot, head, in: shard)
    }

    private static func rebuild(
        _ slot: Shard.Slot,
        _ head: ItemHead,
        in shard: Shard
    ) -> Shard.Slot {
        let entry = slot.entry
        let isFetched = entry.isFetched
        // The mark of an edited string is lost: in an item, these bits would mean a null field.
        let stored = entry.keyEncoding == .edited ? StringEncoding.inline : entry.keyEncoding
        let encoding = stored.rawValue | (head.isPlain ? 0 : Entry.itemBit)
        // The entry may move, or its head may grow over its value.
        let start = entry.stringOffset
        var value = ByteBuffer()
        value.append(entry.cell.bytes(start, entry.byteCount - start))
        let target = shard.rebuild(
            slot,
            kind: .string,
            encoding: encoding,
            expiry: entry.expiry,
            payload: head.byteCount + value.count
        )
        let cell = target.entry.cell
        cell.put(value.bytes, head.write(to: cell, at: target.entry.valueOffset))
        if isFetched { target.entry.isFetched = true }
        return target
    }
}
