public import Primitives
public import Structures

/// What a string is set to, or read as.
public enum StringContent {
    /// Bytes, kept within the entry or, from 8 KiB on, in a block of their own.
    case bytes(Bytes)
    /// A number, kept as such.
    case integer(Int64)
    /// A large value whose block is taken over (or lent, when read).
    case block(SharedBlock)

    /// Bytes as Redis would encode them: a number where they spell one exactly.
    @inlinable
    public init(encoding bytes: Bytes) {
        if bytes.count <= DecimalText.byteCountMax, let number = DecimalText.integer(bytes) {
            self = .integer(number)
        } else {
            self = .bytes(bytes)
        }
    }

    /// The number of bytes of the text.
    @inlinable
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .integer(let number): DecimalText.byteCount(number)
        case .block(let block): block.count
        }
    }

    /// Lends the bytes to `body`, a number as its decimal text.
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

/// Strings: choosing an encoding, reading, setting, editing in place.
///
/// ```text
/// integer   a number of 64 bits, 8 bytes
/// inline    up to 8,191 bytes within the entry
/// edited    the same after APPEND, SETRANGE, SETBIT …: OBJECT ENCODING says raw
/// external  a SharedBlock, grown geometrically, sent without a copy
/// ```
public enum StringValue {
    /// The content of the string at `slot`, lent until the shard changes.
    @inlinable
    public static func content(_ entry: Entry) -> StringContent {
        switch entry.stringEncoding {
        case .inline, .edited: .bytes(entry.inlineValue)
        case .integer: .integer(entry.integer)
        case .external: .block(SharedBlock(address: entry.externalAddress))
        }
    }

    /// The number of bytes of the string.
    @inlinable
    public static func count(_ entry: Entry) -> Int { content(entry).count }

    /// Lends the string's bytes to `body`, a number as its decimal text.
    @inlinable
    public static func withBytes<Result, Failure: Error>(
        _ entry: Entry,
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try content(entry).withBytes(body)
    }

    // MARK: Setting

    /// Sets `key` to `content` with `expiry`, replacing whatever stands at `slot`.
    ///
    /// Takes over a block's reference. Complexity: O(bytes).
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
        !entry.isKind(.string) || entry.stringEncoding == .external
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

    /// A block that holds a copy of `bytes`.
    public static func block(_ bytes: Bytes) -> SharedBlock {
        let block = SharedBlock(capacity: bytes.count)
        block.storage.put(bytes, 0)
        block.count = bytes.count
        return block
    }

    // MARK: Editing

    /// Sets `key`, where nothing stands, to `count` zeros, and lends them for editing in place.
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

    /// Makes the string at `slot` `count` bytes long, new ones zero, and lends it for editing in
    /// place.
    ///
    /// A number becomes its text first. The expiry stays.
    ///
    /// Growing leaves room to grow into, so that many appends cost O(1) a byte.
    public static func edit(
        _ slot: Shard.Slot,
        count: Int,
        in shard: Shard
    ) -> (slot: Shard.Slot, storage: EditableBytes) {
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
        // While it moves, room for half as much again, as an edit seldom comes alone.
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
        // First of all, as a watcher may become a holder of the block.
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

    /// Makes the block of `entry`, which nobody else holds, `count` bytes long.
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

    /// Doubling up to a MiB, then steps of a MiB, as Redis grows its strings.
    private static func capacity(forGrowingTo count: Int) -> Int {
        count < 1 << 20 ? count * 2 : count + 1 << 20
    }
}
