internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Popping elements from lists, and moving them to other lists.
public enum ListMoves {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("LPOP", arity: -2, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(N) with N elements returned", syntax: "@key [count:i]", summary: "Removes and returns the first elements of a list.", popFront),
        DataCommand("RPOP", arity: -2, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(N) with N elements returned", syntax: "@key [count:i]", summary: "Removes and returns the last elements of a list.", popBack),
        DataCommand("LMPOP", arity: -4, [.write, .movableKeys], keys: [.counted(1, [.rw, .access, .delete])], propagation: .own, group: .list, since: "7.0.0", complexity: "O(N+M) with N keys and M elements returned", syntax: "numkeys:i @key... where=(LEFT | RIGHT) [COUNT count:i]", summary: "Removes and returns elements of the first list that is not empty.", popMany),
        DataCommand("LMOVE", arity: 5, [.write, .denyOOM], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], propagation: .verbatim, group: .list, since: "6.2.0", complexity: "O(1)", syntax: "@source @destination wherefrom=(LEFT | RIGHT) whereto=(LEFT | RIGHT)", summary: "Moves an element from one end of a list to an end of another and returns it.", move),
        DataCommand("RPOPLPUSH", arity: 3, [.write, .denyOOM], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], propagation: .verbatim, group: .list, since: "1.2.0", complexity: "O(1)", syntax: "@source @destination", summary: "Moves the last element of a list to the front of another and returns it.", deprecated: Deprecation(since: "6.2.0", by: "`LMOVE` with the `RIGHT` and `LEFT` arguments"), moveLastToFront),
        DataCommand("LMOVEM", arity: -5, [.write, .denyOOM], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], propagation: .own, group: .list, since: "8.10.0", complexity: "O(N) with N elements moved", syntax: "@source @destination wherefrom=(LEFT | RIGHT) whereto=(LEFT | RIGHT) [how-many=<selector=(COUNT count:i | EXACTLY exactly:i) ordering=(OBO | BULK)>]", summary: "Moves elements from one end of a list to an end of another and returns them.", moveMany),
    ]
}

/// An end of a list, as named by clients.
enum ListEnd {
    case left
    case right

    /// Parses LEFT or RIGHT.
    init(_ word: Bytes) throws(CommandError) {
        if word.isWord("LEFT") {
            self = .left
        } else if word.isWord("RIGHT") {
            self = .right
        } else {
            throw .syntax
        }
    }
}

extension ListMoves {
    // MARK: Popping

    /// `LPOP key [count]`: the first element, or null; with a count, an array of elements, or null.
    static func popFront(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try pop(arguments, .left, &context) }

    /// `RPOP key [count]`: the last element, or null; with a count, an array of elements, or null.
    static func popBack(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try pop(arguments, .right, &context) }

    private static func pop(
        _ arguments: Arguments,
        _ end: ListEnd,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count <= 3 else { throw .wordCount }
        let hasCount = arguments.count == 3
        let count = hasCount ? try arguments.integer(2, in: 0...Int64.max, or: .notPositive) : 1
        guard let slot = try context.find(context.firstKey(arguments), .list) else {
            return hasCount ? context.reply.nullArray() : context.reply.null()
        }
        let list = ListValue(slot)
        let popped = min(count, list.count)
        if hasCount { context.reply.array(popped) }
        pop(context.firstKey(arguments), list, popped, end, &context)
    }

    /// Replies with `count` elements, starting at the end, and removes them, and an empty list's
    /// key.
    static func pop(
        _ key: Key,
        _ list: ListValue,
        _ count: Int,
        _ end: ListEnd,
        _ context: inout CommandContext
    ) {
        list.walk(from: end == .left ? 0 : list.count - 1, limit: count, reversed: end == .right) {
            context.reply.bulk($0)
            return true
        }
        list.remove(count, atFront: end == .left, context.limits.encoding)
        context.changed(key, end == .left ? .lPop : .rPop, by: count)
        if list.removeIfEmpty() { context.notify(key, .del) }
    }

    /// `LMPOP numkeys key [key …] LEFT|RIGHT [COUNT count]`: the key and its elements, or null.
    static func popMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = try PopRequest(arguments) { word throws(CommandError) in try ListEnd(word) }
        guard let (key, slot) = try request.firstValue(.list, arguments, &context) else {
            return context.reply.nullArray()
        }
        popMany(request, key, slot, &context)
    }

    /// Replies with the key of the list at `slot` and the elements that `request` pops.
    static func popMany(
        _ request: PopRequest<ListEnd>,
        _ key: Key,
        _ slot: Shard.Slot,
        _ context: inout CommandContext
    ) {
        let list = ListValue(slot)
        let popped = min(request.count, list.count)
        context.reply.array(2)
        context.reply.bulk(key.bytes)
        context.reply.array(popped)
        pop(key, list, popped, request.side, &context)
        context.log(request.side == .left ? "LPOP" : "RPOP", key, Int64(popped))
    }

    // MARK: Moving

    /// `LMOVE source destination LEFT|RIGHT LEFT|RIGHT`: the element, or null.
    static func move(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let (from, to) = (try ListEnd(arguments[3]), try ListEnd(arguments[4]))
        try moveOne(arguments, from, to, &context)
    }

    /// `RPOPLPUSH source destination`: the element, or null.
    static func moveLastToFront(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try moveOne(arguments, .right, .left, &context) }

    private static func moveOne(
        _ arguments: Arguments,
        _ from: ListEnd,
        _ to: ListEnd,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let source = try sourceOfMove(arguments, &context) else {
            return context.reply.null()
        }
        move(arguments, ListMove(from: from, to: to, count: 1), source, &context)
    }

    /// `LMOVEM source destination LEFT|RIGHT LEFT|RIGHT [COUNT|EXACTLY count OBO|BULK]`: the
    /// elements moved, in their new order; null if there are none or, with EXACTLY, too few.
    static func moveMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let move = try ListMove(arguments, optionsFrom: 5)
        guard try moveMany(arguments, move, &context) else { return context.reply.null() }
    }

    /// Replies with the elements that `move` moves, and moves them.
    ///
    /// Returns false if there are none, or fewer than it requires.
    static func moveMany(
        _ arguments: Arguments,
        _ move: ListMove,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        guard let source = try sourceOfMove(arguments, &context),
            !move.isExact || source.count >= move.count
        else { return false }
        var move = move
        move.count = min(move.count, source.count)
        context.reply.array(move.count)
        self.move(arguments, move, source, &context)
        return true
    }

    /// Logs the effect of LMOVEM.
    ///
    /// Logs single moves or, if these would not yield the same order, what was popped and pushed,
    /// or the elements that were reordered.
    private static func logMany(
        _ arguments: Arguments,
        _ move: ListMove,
        _ texts: borrowing MovedTexts,
        _ context: inout CommandContext
    ) {
        let source = context.firstKey(arguments)
        let isSame = source.bytes == arguments[2]
        if isSame, move.isReversed {
            let last = Int64(move.count) - 1
            var place = move.to == .left ? last : -last - 1
            texts.forEach { text in
                context.log("LSET") { record in
                    record.word(source.bytes)
                    record.word(place)
                    record.word(text)
                }
                place += move.to == .left ? -1 : 1
            }
            return
        }
        guard move.keepsBlock, !isSame else {
            for _ in 0..<move.count {
                context.log("LMOVE") { record in
                    for index in 1...4 { record.word(arguments[index]) }
                }
            }
            return
        }
        context.log(move.from == .left ? "LPOP" : "RPOP", source, Int64(move.count))
        context.beginRecord(move.to == .left ? "LPUSH" : "RPUSH")
        context.effects.records.word(arguments[2])
        texts.forEach { context.effects.records.word($0) }
        context.effects.records.end()
    }

    /// The list at word 1, or nil; throws if either key holds a value of another type.
    static func sourceOfMove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> ListValue? {
        guard let slot = try context.find(context.firstKey(arguments), .list) else { return nil }
        _ = try context.find(context.key(arguments[2]), .list)
        return ListValue(slot)
    }

    /// Replies with the elements of `move`, without an array header, and moves them.
    ///
    /// They go from `source`, the list at word 1, to the list at word 2, created if necessary.
    static func move(
        _ arguments: Arguments,
        _ move: ListMove,
        _ source: ListValue,
        _ context: inout CommandContext
    ) {
        let limits = context.limits.encoding
        // First in their new order, then in the order in which they are pushed.
        walk(source, move, reversed: move.isReversed) { context.reply.bulk($0) }
        var texts = MovedTexts()
        walk(source, move, reversed: move.isReversed == (move.to == .right)) { texts.append($0) }
        source.remove(move.count, atFront: move.from == .left, limits)
        let isSame = arguments[1] == arguments[2]
        let isGone = !isSame && source.removeIfEmpty()
        let key = context.key(arguments[2])
        let target =
            context.peek(key).map { ListValue($0) }
            ?? ListValue.create(key, bytes: texts.byteCount, in: context.shard(key))
        target.grow(by: move.count, bytes: texts.byteCount, limits)
        texts.forEach { target.push(PackItem(encoding: $0), atFront: move.to == .left, limits) }
        guard move.count > 0 else { return }
        context.changed(key, move.to == .left ? .lPush : .rPush, by: move.count)
        let sourceKey = context.firstKey(arguments)
        context.notify(sourceKey, move.from == .left ? .lPop : .rPop)
        if isGone { context.notify(sourceKey, .del) }
        if move.isMany, context.logs { logMany(arguments, move, texts, &context) }
    }

    /// Calls `body` with the elements to move, in their current order or reversed.
    private static func walk(
        _ source: ListValue,
        _ move: ListMove,
        reversed: Bool,
        _ body: (PackItem) -> Void
    ) {
        let first = move.from == .left ? 0 : source.count - move.count
        source.walk(
            from: reversed ? first + move.count - 1 : first,
            limit: move.count,
            reversed: reversed
        ) {
            body($0)
            return true
        }
    }
}

/// The arguments of LMOVE and LMOVEM.
struct ListMove {
    /// The end to pop from.
    let from: ListEnd
    /// The end to push to.
    let to: ListEnd
    /// The number of elements.
    var count: Int
    /// Whether to move all of them or none.
    private(set) var isExact = false
    /// Whether the command is LMOVEM.
    private(set) var isMany = false
    private var isOneByOne = false

    /// Creates a move of `count` elements that keeps their order.
    init(from: ListEnd, to: ListEnd, count: Int) {
        self.from = from
        self.to = to
        self.count = count
    }

    /// Reads the words of LMOVEM: the ends at 3 and 4, and the options from `first` on.
    init(_ arguments: Arguments, optionsFrom first: Int) throws(CommandError) {
        self.init(from: try ListEnd(arguments[3]), to: try ListEnd(arguments[4]), count: 1)
        isMany = true
        guard arguments.count > first else { return }
        guard arguments.count == first + 3 else { throw .syntax }
        isExact = arguments[first].isWord("EXACTLY")
        guard isExact || arguments[first].isWord("COUNT") else { throw .syntax }
        isOneByOne = arguments[first + 2].isWord("OBO")
        guard isOneByOne || arguments[first + 2].isWord("BULK") else { throw .syntax }
        count = try arguments.integer(
            first + 1,
            in: 1...Int64.max,
            or: .zeroCount
        )
    }

    /// Whether the move reverses the elements.
    var isReversed: Bool { isOneByOne && from == to }
    /// Whether it keeps their order although moving one by one would reverse it.
    var keepsBlock: Bool { !isOneByOne && from == to }
}

/// The texts of elements being moved between two lists, each with its length.
private struct MovedTexts: ~Copyable {
    private var buffer = ByteBuffer()
    /// The total size of all texts in bytes.
    private(set) var byteCount = 0

    init() {}

    mutating func append(_ item: PackItem) {
        item.withText { text in
            var length = UInt64(text.count)
            repeat {
                buffer.append(UInt8(truncatingIfNeeded: length & 0x7F) | (length > 0x7F ? 0x80 : 0))
                length >>= 7
            } while length > 0
            buffer.append(text)
            byteCount += text.count
        }
    }

    func forEach(_ body: (Bytes) -> Void) {
        let bytes = buffer.bytes
        var offset = 0
        while offset < bytes.count {
            var (length, shift) = (0, 0)
            while bytes[offset] & 0x80 != 0 {
                length |= Int(bytes[offset] & 0x7F) << shift
                shift += 7
                offset += 1
            }
            length |= Int(bytes[offset]) << shift
            offset += 1
            body(bytes[offset..<offset + length])
            offset += length
        }
    }
}
