public import Primitives
public import Structures

/// The value that a string is set to, or that is read from one.
public enum StringContent {
    /// Bytes, stored in the entry, or from 8 KiB on in a block of their own.
    case bytes(Bytes)
    /// An integer, stored as such.
    case integer(Int64)
    /// A large value; its block is taken over (or borrowed, when read).
    case block(SharedBlock)

    /// Encodes bytes as Redis would: as an integer if they are its canonical text.
    @inlinable
    public init(encoding bytes: Bytes) {
        if bytes.count <= DecimalText.byteCountMax, let number = DecimalText.integer(bytes) {
            self = .integer(number)
        } else {
            self = .bytes(bytes)
        }
    }

    /// The length of the text in bytes.
    @inlinable
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .integer(let number): DecimalText.byteCount(number)
        case .block(let block): block.count
        }
    }

    /// Calls `body` with the bytes, or the decimal text of an integer.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .bytes(let bytes): return try body(bytes)
        case .block(let block): return try body(block.bytes)
        case .integer(let number): return try DecimalText.withText(number, body)
        }
    }
}

/// A string: choice of encoding, reading, setting, editing in place.
///
/// ```text
/// integer   a 64-bit integer, 8 bytes
/// inline    up to 8,191 bytes in the entry
/// edited    the same after APPEND, SETRANGE, SETBIT …: OBJECT ENCODING reports raw
/// external  a SharedBlock, grown geometrically, sent without copying
/// ```
public enum StringValue {
    /// The content of a string entry, borrowed until the shard changes.
    @inlinable
    public static func content(_ entry: Entry) -> StringContent {
        if _slowPath(entry.isItem) { return itemContent(entry) }
        return content(entry, at: entry.valueOffset)
    }

    /// The content of a string entry whose value is at `offset`.
    @inlinable
    @inline(__always)
    static func content(_ entry: Entry, at offset: Int) -> StringContent {
        switch entry.keyEncoding {
        case .inline, .edited: .bytes(entry.inlineValue(at: offset))
        case .integer: .integer(entry.cell.load(offset))
        case .external: .block(SharedBlock(address: entry.cell.load(offset)))
        case .null: preconditionFailure("only fields are null")
        }
    }

    /// The length of the string in bytes.
    @inlinable
    public static func count(_ entry: Entry) -> Int { content(entry).count }

    /// Calls `body` with the string's bytes, or the decimal text of an integer.
    @inlinable
    public static func withBytes<Result, Failure: Error>(
        _ entry: Entry,
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try content(entry).withBytes(body)
    }

    // MARK: Setting

    /// Sets `key` to `content` with `expiry`, replacing what is at `slot`.
    ///
    /// Takes over a block's reference.
    ///
    /// Complexity: O(bytes).
    @inlinable
    @discardableResult
    public static func set(
        _ key: Key,
        _ content: StringContent,
        expiry: Int64?,
        at slot: Shard.Slot?,
        in shard: Shard
    ) -> Shard.Slot {
        if case .bytes(let bytes) = content, bytes.count > Entry.inlineValueMax {
            return set(key, .block(block(bytes)), expiry: expiry, at: slot, in: shard)
        }
        let (encoding, payload) = layout(content)
        let target: Shard.Slot
        if let slot {
            if _slowPath(needsFreeing(slot.entry)) { shard.discardValue(slot) }
            target = shard.rebuild(
                slot,
                kind: .string,
                encoding: encoding.rawValue,
                expiry: expiry,
                payload: payload
            )
        } else {
            target = shard.insert(
                key,
                kind: .string,
                encoding: encoding.rawValue,
                expiry: expiry,
                payload: payload
            )
        }
        write(content, to: target.entry, in: shard)
        return target
    }

    @inlinable
    static func needsFreeing(_ entry: Entry) -> Bool {
        !entry.isKind(.string) || entry.keyEncoding == .external
    }

    @inlinable
    static func layout(_ content: StringContent) -> (StringEncoding, Int) {
        switch content {
        case .bytes(let bytes): (.inline, Entry.inlinePayload(bytes.count))
        case .integer: (.integer, 8)
        case .block: (.external, 8)
        }
    }

    @inlinable
    static func write(_ content: StringContent, to entry: Entry, in shard: Shard) {
        switch content {
        case .bytes(let bytes): entry.writeInline(bytes, at: entry.valueOffset)
        case .integer(let number): entry.integer = number
        case .block(let block):
            entry.externalAddress = block.address
            countExternal(block.byteCount, in: shard)
        }
    }

    @usableFromInline
    static func countExternal(_ byteCount: Int, in shard: Shard) {
        shard.externalBytes += byteCount
    }

    /// Creates a block with a copy of `bytes`.
    public static func block(_ bytes: Bytes) -> SharedBlock {
        let block = SharedBlock(capacity: bytes.count)
        block.storage.put(bytes, 0)
        block.count = bytes.count
        return block
    }

    // MARK: Editing

    /// Adds `key`, which must be absent, with `count` zeros, and returns them for editing in place.
    public static func insertZeros(
        _ key: Key,
        count: Int,
        in shard: Shard
    ) -> (slot: Shard.Slot, storage: EditableBytes) {
        if count > Entry.inlineValueMax {
            let block = SharedBlock(zeros: count)
            let slot = set(key, .block(block), expiry: nil, at: nil, in: shard)
            return (slot, EditableBytes(block.storage, count: count))
        }
        let slot = shard.insert(
            key,
            kind: .string,
            encoding: StringEncoding.edited.rawValue,
            expiry: nil,
            payload: Entry.inlinePayload(count)
        )
        let offset = slot.entry.writeInlineCount(count, at: slot.entry.valueOffset)
        let storage = slot.entry.cell.advanced(by: offset)
        storage.zero(0, count)
        return (slot, EditableBytes(storage, count: count))
    }

    /// Resizes the string at `slot` to `count` bytes, zeroing new ones, and returns it for editing.
    ///
    /// An integer is converted to its text first. The expiry stays. Growing leaves spare room, so
    /// that repeated appends cost O(1) per byte.
    public static func edit(
        _ slot: Shard.Slot,
        count: Int,
        in shard: Shard
    ) -> (slot: Shard.Slot, storage: EditableBytes) {
        // The head belongs to the old value.
        let slot = slot.entry.isItem ? setHead(slot, ItemHead(), in: shard) : slot
        let entry = slot.entry
        let old = StringValue.count(entry)
        if count > Entry.inlineValueMax || entry.stringEncoding == .external {
            return editBlock(slot, old, count, in: shard)
        }
        return editInline(slot, old, count, in: shard)
    }

    private static func editInline(
        _ slot: Shard.Slot,
        _ old: Int,
        _ count: Int,
        in shard: Shard
    ) -> (slot: Shard.Slot, storage: EditableBytes) {
        var scratch = ByteBuffer()
        let entry = slot.entry
        let isInteger = entry.stringEncoding == .integer
        let headChanges = Entry.inlinePayload(old) - old != Entry.inlinePayload(count) - count
        let moves = isInteger || headChanges || !fits(slot, count, in: shard)
        if moves { withBytes(entry) { scratch.append($0) } }
        // If it moves anyway, leave space for half as much again, as edits rarely come alone.
        let room = moves && count > old ? min(count + count / 2, Entry.inlineValueMax) : count
        let target =
            moves
            ? shard.rebuild(
                slot,
                kind: .string,
                encoding: StringEncoding.edited.rawValue,
                expiry: entry.expiry,
                payload: Entry.inlinePayload(room)
            ) : slot
        if !moves { shard.willEdit(slot) }
        target.entry.encoding = StringEncoding.edited.rawValue
        let offset = target.entry.writeInlineCount(count, at: target.entry.valueOffset)
        let storage = target.entry.cell.advanced(by: offset)
        if moves { storage.put(scratch.bytes[0..<min(old, count)], 0) }
        if count > old { storage.zero(old, count - old) }
        return (target, EditableBytes(storage, count: count))
    }

    private static func fits(_ slot: Shard.Slot, _ count: Int, in shard: Shard) -> Bool {
        slot.entry.valueOffset + Entry.inlinePayload(count)
            <= shard.arena.capacity(shard.arena.handle(of: slot.entry.cell))
    }

    private static func editBlock(
        _ slot: Shard.Slot,
        _ old: Int,
        _ count: Int,
        in shard: Shard
    ) -> (slot: Shard.Slot, storage: EditableBytes) {
        // This must come first, as a watcher may take a reference to the block.
        shard.willEdit(slot)
        let entry = slot.entry
        if entry.stringEncoding == .external {
            let block = SharedBlock(address: entry.externalAddress)
            if !block.isShared {
                return (slot, resize(block, of: entry, count, in: shard))
            }
        }
        let block = SharedBlock(capacity: capacity(forGrowingTo: count))
        block.count = count
        withBytes(entry) { block.storage.put($0[0..<min($0.count, count)], 0) }
        if count > old { block.storage.zero(old, count - old) }
        let key = Key(entry.key, shard.hash(entry.key))
        let target = set(key, .block(block), expiry: entry.expiry, at: slot, in: shard)
        return (target, EditableBytes(block.storage, count: count))
    }

    /// Resizes the block of `entry`, which nobody else holds, to `count` bytes.
    private static func resize(
        _ block: SharedBlock,
        of entry: Entry,
        _ count: Int,
        in shard: Shard
    ) -> EditableBytes {
        var block = block
        let old = block.count
        if block.capacity < count {
            shard.externalBytes -= block.byteCount
            block = block.grown(to: capacity(forGrowingTo: count))
            shard.externalBytes += block.byteCount
            entry.externalAddress = block.address
        }
        block.count = count
        if count > old { block.storage.zero(old, count - old) }
        return EditableBytes(block.storage, count: count)
    }

    /// Doubles up to a MiB, then grows in steps of a MiB, as Redis does for its strings.
    private static func capacity(forGrowingTo count: Int) -> Int {
        count < 1 << 20 ? count * 2 : count + 1 << 20
    }
}
