internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Commands for integers of any width within strings.
public enum BitFieldCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("BITFIELD", arity: -2, [.write, .denyOOM], keys: KeySpec.first([.rw, .access, .update, .variable]), propagation: .verbatim, group: .bitmap, since: "3.2.0", complexity: "O(1) per operation", syntax: "@key operation=[GET get-block=<encoding offset:i> | write=<[OVERFLOW overflow-block=(WRAP | SAT | FAIL)] write-operation=(SET set-block=<encoding offset:i value:i> | INCRBY incrby-block=<encoding offset:i increment:i>)>]...", summary: "Reads, writes and increments integers of any width within a string.", run),
        DataCommand("BITFIELD_RO", arity: -2, [.readonly, .fast], keys: KeySpec.first([.ro, .access]), group: .bitmap, since: "6.0.0", complexity: "O(1) per operation", syntax: "@key [GET get-block=<encoding offset:i>...]", summary: "Reads integers of any width within a string.", read),
    ]
}

extension BitFieldCommands {
    /// `BITFIELD key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] (SET encoding offset value
    /// | INCRBY encoding offset increment)] …`: a reply for each operation.
    static func run(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var bitsWritten = 0
        var count = 0
        let bytesMax = context.limits.stringBytesMax
        try FieldOperation.forEach(arguments, bytesMax: bytesMax) { operation in
            count += 1
            if case .get = operation.action { return }
            bitsWritten = max(bitsWritten, operation.offset + operation.field.width)
        }
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        guard bitsWritten > 0 else {
            return reply(slot, count, arguments, bytesMax, &context.reply)
        }
        try context.demandRoom((bitsWritten + 7) >> 3)
        let oldCount = slot.map { StringValue.count($0.entry) }
        let storage = BitmapCommands.storage(
            key,
            slot,
            count: (bitsWritten + 7) >> 3,
            &context
        )
        context.reply.array(count)
        let hasGrown = storage.count != oldCount
        var changes = 0
        try FieldOperation.forEach(arguments, bytesMax: bytesMax) { operation in
            let outcome = operation.run(storage, &context.reply)
            if outcome == .changed || outcome == .written && hasGrown { changes += 1 }
        }
        // Extending the string is a change even if every operation failed.
        context.changed(key, .setBit, by: changes == 0 && hasGrown ? 1 : changes)
    }

    /// `BITFIELD_RO key [GET encoding offset …]`: the numbers.
    static func read(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var count = 0
        var writes = false
        let bytesMax = context.limits.stringBytesMax
        try FieldOperation.forEach(arguments, bytesMax: bytesMax) { operation in
            count += 1
            if case .get = operation.action { return }
            writes = true
        }
        if writes { throw .bitmap(.readOnly) }
        let slot = try context.read(context.firstKey(arguments), .string)
        reply(slot, count, arguments, bytesMax, &context.reply)
    }

    /// Replies to operations that only read.
    private static func reply(
        _ slot: Shard.Slot?,
        _ count: Int,
        _ arguments: Arguments,
        _ bytesMax: Int,
        _ reply: inout ReplyWriter
    ) {
        reply.array(count)
        guard let slot else { return readAll(Bytes(), arguments, bytesMax, &reply) }
        StringValue.withBytes(slot.entry) { readAll($0, arguments, bytesMax, &reply) }
    }

    private static func readAll(
        _ bytes: Bytes,
        _ arguments: Arguments,
        _ bytesMax: Int,
        _ reply: inout ReplyWriter
    ) {
        // The operations have been parsed before, so none of them throws now.
        try? FieldOperation.forEach(arguments, bytesMax: bytesMax) { operation in
            reply.integer(operation.field.value(of: bytes, at: operation.offset))
        }
    }
}

/// One operation of BITFIELD.
private struct FieldOperation {
    enum Action {
        case get
        case set(Int64)
        case add(Int64)
    }

    let action: Action
    let field: BitField
    /// The offset in bits.
    let offset: Int
    let overflow: BitField.Overflow

    /// Parses the operations from word 2 to the end, one by one.
    static func forEach(
        _ arguments: Arguments,
        bytesMax: Int,
        _ body: (FieldOperation) -> Void
    ) throws(CommandError) {
        var overflow = BitField.Overflow.wrap
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            let left = arguments.count - index - 1
            if word.isWord("OVERFLOW"), left >= 1 {
                overflow = try BitField.Overflow(arguments[index + 1])
                index += 2
            } else if word.isWord("GET"), left >= 2 {
                body(try FieldOperation(arguments, index, overflow, bytesMax) { _ in .get })
                index += 3
            } else if word.isWord("SET"), left >= 3 {
                body(try FieldOperation(arguments, index, overflow, bytesMax, Action.set))
                index += 4
            } else if word.isWord("INCRBY"), left >= 3 {
                body(try FieldOperation(arguments, index, overflow, bytesMax, Action.add))
                index += 4
            } else {
                throw .syntax
            }
        }
    }

    /// Parses the operation whose name is at `index`; `action` makes it from its number, if any.
    private init(
        _ arguments: Arguments,
        _ index: Int,
        _ overflow: BitField.Overflow,
        _ bytesMax: Int,
        _ action: (Int64) -> Action
    ) throws(CommandError) {
        guard let field = BitField(arguments[index + 1]) else {
            throw .bitmap(.fieldType)
        }
        self.field = field
        self.overflow = overflow
        let place = arguments[index + 2]
        offset =
            place.count > 0 && place[0] == UInt8(ascii: "#")
            ? try FieldOperation.offset(ofField: place.dropFirst(1), field, bytesMax)
            : try arguments.bitOffset(index + 2, bytesMax: bytesMax)
        if case .get = action(0) {
            self.action = .get
        } else {
            self.action = action(try arguments.integer(index + 3))
        }
    }

    /// The offset of field number `word` in a sequence of equal fields.
    private static func offset(
        ofField word: Bytes,
        _ field: BitField,
        _ bytesMax: Int
    ) throws(CommandError) -> Int {
        guard let number = DecimalText.integer(word), number >= 0 else { throw .bitOffset }
        let (offset, overflow) = number.multipliedReportingOverflow(by: Int64(field.width))
        guard !overflow, Bits.places(bytesMax: bytesMax).contains(Int(offset)) else {
            throw .bitOffset
        }
        return Int(offset)
    }

    /// The effect of an operation on the string.
    enum Outcome {
        /// It wrote nothing.
        case read
        /// It wrote the value that was there already.
        case written
        case changed
    }

    /// Runs the operation on a string that is long enough, and replies.
    func run(_ storage: EditableBytes, _ reply: inout ReplyWriter) -> Outcome {
        let old = field.value(of: storage.bytes, at: offset)
        let new: Int64?
        switch action {
        case .get:
            reply.integer(old)
            return .read
        case .set(let value): new = field.fitting(value, overflow)
        case .add(let increment): new = field.sum(old, increment, overflow)
        }
        guard let new else {
            reply.null()
            return .read
        }
        field.set(new, of: storage, at: offset)
        if case .set = action { reply.integer(old) } else { reply.integer(new) }
        // A value too wide for the field was truncated.
        return field.value(of: storage.bytes, at: offset) == old ? .written : .changed
    }
}

extension BitField.Overflow {
    fileprivate init(_ word: Bytes) throws(CommandError) {
        if word.isWord("WRAP") {
            self = .wrap
        } else if word.isWord("SAT") {
            self = .saturate
        } else if word.isWord("FAIL") {
            self = .fail
        } else {
            throw .bitmap(.overflowKind)
        }
    }
}
