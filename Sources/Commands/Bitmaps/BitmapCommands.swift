internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Commands for strings as arrays of bits.
public enum BitmapCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("SETBIT", arity: 4, [.write, .denyOOM], keys: KeySpec.first([.rw, .access, .update]), propagation: .verbatim, group: .bitmap, since: "2.2.0", complexity: "O(1)", syntax: "@key offset:i value:i", summary: "Sets or clears a bit of a string and returns its old value.", setBit),
        DataCommand("GETBIT", arity: 3, [.readonly, .fast], keys: KeySpec.first([.ro, .access]), group: .bitmap, since: "2.2.0", complexity: "O(1)", syntax: "@key offset:i", summary: "Returns a bit of a string.", getBit),
        DataCommand("BITCOUNT", arity: -2, [.readonly], keys: KeySpec.first([.ro, .access]), group: .bitmap, since: "2.6.0", complexity: "O(N) where N is the number of bytes examined", syntax: "@key [range=<start:i [end-unit-block=<end:i unit=[BYTE | BIT]>]>]", summary: "Counts the set bits in a string, or in a part of it.", count),
        DataCommand("BITPOS", arity: -3, [.readonly], keys: KeySpec.first([.ro, .access]), group: .bitmap, since: "2.8.7", complexity: "O(N) where N is the number of bytes examined", syntax: "@key bit:i [range=<start:i [end-unit-block=<end:i unit=[BYTE | BIT]>]>]", summary: "Finds the first set or clear bit in a string, or in a part of it.", position),
        DataCommand("BITOP", arity: -4, [.write, .denyOOM], keys: [.one(2, [.ow, .update]), .rest(3, [.ro, .access])], propagation: .verbatim, group: .bitmap, since: "2.6.0", complexity: "O(N) where N is the number of bytes of all strings", syntax: "operation=(AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE) @destkey @key...", summary: "Combines strings bit by bit and stores the result.", combine),
    ]
}

extension BitmapCommands {
    /// `SETBIT key offset value`: the previous bit.
    static func setBit(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let offset = try arguments.bitOffset(2, bytesMax: context.limits.stringBytesMax)
        let bit = try arguments.integer(
            3,
            in: 0...1,
            or: .bitmap(.bit)
        )
        try context.demandRoom(offset >> 3 + 1)
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        let old =
            slot.map { slot in
                StringValue.withBytes(slot.entry) { Bits.bit(offset, of: $0) }
            } ?? false
        let oldCount = slot.map { StringValue.count($0.entry) }
        let storage = storage(key, slot, count: offset >> 3 + 1, &context)
        Bits.set(offset, of: storage, to: bit == 1)
        if old != (bit == 1) || storage.count != oldCount { context.changed(key, .setBit) }
        context.reply.integer(old ? 1 : 0)
    }

    /// The bytes of the string at `slot`, extended to at least `count`, for editing.
    static func storage(
        _ key: Key,
        _ slot: Shard.Slot?,
        count: Int,
        _ context: inout CommandContext
    ) -> EditableBytes {
        let shard = context.shard(key)
        guard let slot else {
            return StringValue.insertZeros(key, count: count, in: shard).storage
        }
        let whole = max(StringValue.count(slot.entry), count)
        return StringValue.edit(slot, count: whole, in: shard).storage
    }

    /// `GETBIT key offset`: the bit; 0 past the end.
    static func getBit(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let offset = try arguments.bitOffset(2, bytesMax: context.limits.stringBytesMax)
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.integer(0)
        }
        let bit = StringValue.withBytes(slot.entry) { Bits.bit(offset, of: $0) }
        context.reply.integer(bit ? 1 : 0)
    }

    /// `BITCOUNT key [start [end [BYTE | BIT]]]`: the number of set bits.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count > 2 else {
            let slot = try context.read(context.firstKey(arguments), .string)
            let count = slot.map { StringValue.withBytes($0.entry) { Bits.count($0) } }
            return context.reply.integer(count ?? 0)
        }
        guard arguments.count <= 5 else { throw .syntax }
        let start = try arguments.integer(2)
        let range = SignedRange(start, arguments.count > 3 ? try arguments.integer(3) : -1)
        let unit = try arguments.bitUnit(4)
        guard let slot = try context.read(context.firstKey(arguments), .string),
            !range.isCrossed
        else { return context.reply.integer(0) }
        let count = StringValue.withBytes(slot.entry) { bytes in
            unit.bits(range, of: bytes).map { Bits.count(bytes, in: $0) } ?? 0
        }
        context.reply.integer(count)
    }

    /// `BITPOS key bit [start [end [BYTE | BIT]]]`: the offset of the first such bit, or -1.
    static func position(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let bit = try arguments.integer(2)
        guard bit == 0 || bit == 1 else {
            throw .bitmap(.searchedBit)
        }
        guard arguments.count <= 6 else { throw .syntax }
        let start = arguments.count > 3 ? try arguments.integer(3) : 0
        let unit = try arguments.bitUnit(5)
        let hasEnd = arguments.count > 4
        let end = hasEnd ? try arguments.integer(4) : -1
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.integer(bit == 0 ? 0 : -1)
        }
        let place = StringValue.withBytes(slot.entry) { bytes -> Int in
            guard let range = unit.bits(SignedRange(start, end), of: bytes) else { return -1 }
            if let found = Bits.first(bit == 1, in: bytes, range) { return found }
            // Without an end, the string is considered to be followed by zeros.
            return bit == 0 && !hasEnd ? range.upperBound : -1
        }
        context.reply.integer(place)
    }

    // MARK: Combining

    /// `BITOP operation destkey key [key …]`: the length of the result.
    static func combine(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let operation = try BitOperation(arguments, sourceCount: arguments.count - 3)
        var texts = ByteBuffer()
        let sources = try sources(arguments, &context, &texts)
        let key = context.key(arguments[2])
        let slot = context.find(key)
        let count = sources.reduce(0) { max($0, $1.count) }
        if count > Entry.inlineValueMax {
            let block = SharedBlock(capacity: count)
            block.count = count
            operation.combine(sources, into: block.storage, count: count)
            StringValue.set(
                key,
                .block(block),
                expiry: nil,
                at: slot,
                in: context.shard(key)
            )
            noteResult(block.bytes, key, operation, &context)
        } else if count > 0 {
            var result = ByteBuffer(capacity: count)
            result.commit(count)
            operation.combine(sources, into: result.cell, count: count)
            let target = StringValue.set(
                key,
                .bytes(result.bytes),
                expiry: nil,
                at: slot,
                in: context.shard(key)
            )
            target.entry.encoding = StringEncoding.edited.rawValue
            noteResult(result.bytes, key, operation, &context)
        } else if let slot {
            slot.shard.remove(slot)
            context.changed(key, .del)
            context.log("DEL", key)
        }
        context.reply.integer(count)
    }

    /// Reports that `key` now holds `result`.
    ///
    /// Logs the result itself if Redis 7.0 does not know the operation.
    private static func noteResult(
        _ result: Bytes,
        _ key: Key,
        _ operation: BitOperation,
        _ context: inout CommandContext
    ) {
        switch operation {
        case .and, .or, .xor, .not: context.changed(key, .set)
        case .difference, .reverseDifference, .andAny, .exactlyOne:
            StringCommands.noteStored(key, result, until: nil, &context)
        }
    }

    /// The strings at words 3 and up; integers are written to `texts`.
    private static func sources(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        _ texts: inout ByteBuffer
    ) throws(CommandError) -> [Bytes] {
        var sources: [Bytes] = []
        sources.reserveCapacity(arguments.count - 3)
        for index in 3..<arguments.count {
            let slot = try context.read(context.key(arguments[index]), .string)
            switch slot.map({ StringValue.content($0.entry) }) {
            case nil: sources.append(Bytes())
            case .bytes(let bytes): sources.append(bytes)
            case .block(let block): sources.append(block.bytes)
            case .integer(let number):
                // Reserve all the space at once, so that texts already borrowed do not move.
                if texts.capacity == 0 {
                    texts.reserve((arguments.count - index) * DecimalText.byteCountMax)
                }
                let start = texts.count
                texts.append(decimal: number)
                sources.append(texts.bytes.dropFirst(start))
            }
        }
        return sources
    }
}

extension BitOperation {
    /// Parses the operation at word 1, over `sourceCount` sources.
    fileprivate init(_ arguments: Arguments, sourceCount: Int) throws(CommandError) {
        let word = arguments[1]
        if word.isWord("AND") {
            self = .and
        } else if word.isWord("OR") {
            self = .or
        } else if word.isWord("XOR") {
            self = .xor
        } else if word.isWord("NOT") {
            self = .not
        } else if word.isWord("DIFF") {
            self = .difference
        } else if word.isWord("DIFF1") {
            self = .reverseDifference
        } else if word.isWord("ANDOR") {
            self = .andAny
        } else if word.isWord("ONE") {
            self = .exactlyOne
        } else {
            throw .syntax
        }
        if let failure = failure(sourceCount) { throw failure }
    }

    private func failure(_ sourceCount: Int) -> CommandError? {
        switch self {
        case .not where sourceCount != 1:
            .bitmap(.notCount)
        case .difference where sourceCount == 1:
            .bitmap(.differenceCount)
        case .reverseDifference where sourceCount == 1:
            .bitmap(.reverseDifferenceCount)
        case .andAny where sourceCount == 1:
            .bitmap(.andAnyCount)
        case .and, .or, .xor, .not, .difference, .reverseDifference, .andAny, .exactlyOne: nil
        }
    }
}

/// The unit of offsets into a string.
enum BitUnit {
    case bytes, bits

    /// The bits of `bytes` in `range`; nil if there are none.
    func bits(_ range: SignedRange, of bytes: Bytes) -> Range<Int>? {
        switch self {
        case .bits: return range.clamped(to: bytes.count * 8)
        case .bytes:
            return range.clamped(to: bytes.count).map { $0.lowerBound * 8..<$0.upperBound * 8 }
        }
    }
}

extension Arguments {
    /// The unit at `index`; bytes if there is no such word.
    fileprivate func bitUnit(_ index: Int) throws(CommandError) -> BitUnit {
        guard index < count else { return .bytes }
        if self[index].isWord("BIT") { return .bits }
        guard self[index].isWord("BYTE") else { throw .syntax }
        return .bytes
    }

    /// The word at `index` as a bit offset into a string of at most `bytesMax` bytes.
    func bitOffset(_ index: Int, bytesMax: Int) throws(CommandError) -> Int {
        guard let offset = DecimalText.integer(self[index]),
            Bits.places(bytesMax: bytesMax).contains(Int(offset))
        else { throw .bitOffset }
        return Int(offset)
    }
}
