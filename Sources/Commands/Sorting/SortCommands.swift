internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Sorts the elements of a collection, to return or store them.
public enum SortCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("SORT", arity: -2, [.write, .denyOOM, .movableKeys, .allPartitions], keys: [.one(1, [.ro, .access]), KeySpec(.unknown, .unknown, [.ro, .access]), KeySpec(.unknown, .unknown, [.ow, .update])], propagation: .verbatim, group: .generic, categories: ["set", "sortedset", "list", "dangerous"], since: "1.0.0", complexity: "O(N+M*log(M)) with N elements and M to be sorted", syntax: "@key [BY by-pattern:p] limit=[<LIMIT offset:i count:i>] [GET get-pattern:p]... order=[ASC | DESC] [ALPHA] [STORE @destination]", summary: "Returns or stores the sorted elements of a list, set or sorted set.", sort),
        DataCommand("SORT_RO", arity: -2, [.readonly, .movableKeys, .allPartitions], keys: [.one(1, [.ro, .access]), KeySpec(.unknown, .unknown, [.ro, .access])], group: .generic, categories: ["set", "sortedset", "list", "dangerous"], since: "7.0.0", complexity: "O(N+M*log(M)) with N elements and M to be sorted", syntax: "@key [BY by-pattern:p] limit=[<LIMIT offset:i count:i>] [GET get-pattern:p]... order=[ASC | DESC] [ALPHA]", summary: "Returns the sorted elements of a list, set or sorted set.", sortReadOnly),
    ]
}

extension SortCommands {
    /// `SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE
    /// destination]`: the elements, or the values that the patterns refer to; or the number stored.
    static func sort(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, mayStore: true, &context) }

    /// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA]`: the
    /// elements, or the values that the patterns refer to.
    static func sortReadOnly(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, mayStore: false, &context) }

    private static func run(
        _ arguments: Arguments,
        mayStore: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var request = try SortRequest(arguments, mayStore: mayStore)
        if context.readsNamedKeysOnly, let option = request.leadingOption {
            throw .access(.pattern(option))
        }
        let slot = context.read(context.firstKey(arguments))
        let isOfSet = slot?.entry.isKind(.set) ?? false
        var elements = SortElements()
        var isCut = false
        if let slot {
            if request.keepsOrder, slot.entry.isKind(.set) {
                if request.target != nil { request.sortAnyway() }
            } else {
                isCut = request.keepsOrder
            }
            try collect(slot, request, into: &elements)
        }
        if !request.keepsOrder { try elements.sort(request, &context) }
        let range = isCut ? 0..<elements.count : request.range(elements.count)
        if let target = request.target {
            let target = context.key(target)
            store(elements, range, request, at: target, &context)
            // The elements of a set have no order that another server would reproduce.
            if isOfSet { logStored(target, &context) }
        } else {
            replyElements(elements, range, request, &context)
        }
    }

    /// Adds the elements of the collection at `slot`.
    ///
    /// For a list or sorted set that is not to be sorted, adds only those within LIMIT.
    private static func collect(
        _ slot: Shard.Slot,
        _ request: SortRequest,
        into elements: inout SortElements
    ) throws(CommandError) {
        let isReversed = request.keepsOrder && request.isDescending
        switch slot.entry.kind {
        case .list:
            collect(ListValue(slot), request, into: &elements)
        case .set:
            SetValue(slot).content.forEach { item in
                elements.add(item)
                return true
            }
        case .sortedSet:
            let set = SortedSetValue(slot)
            let range = request.collected(of: set.count)
            guard !range.isEmpty else { return }
            let first = isReversed ? set.count - 1 - range.lowerBound : range.lowerBound
            set.walk(from: first, limit: range.count, reversed: isReversed) { member, _ in
                elements.add(.bytes(member))
                return true
            }
        case .string, .hash, .stream, .member: throw .wrongType
        }
    }

    /// Copies elements of compressed nodes, which can be borrowed only until the next node is read.
    private static func collect(
        _ list: ListValue,
        _ request: SortRequest,
        into elements: inout SortElements
    ) {
        let range = request.collected(of: list.count)
        guard !range.isEmpty else { return }
        let isReversed = request.keepsOrder && request.isDescending
        let first = isReversed ? list.count - 1 - range.lowerBound : range.lowerBound
        let isLent = list.compressDepth == 0
        if !isLent {
            var byteCount = 0
            list.walk(from: first, limit: range.count, reversed: isReversed) { item in
                if case .bytes(let bytes) = item { byteCount += bytes.count }
                return true
            }
            elements.reserveCopies(byteCount)
        }
        list.walk(from: first, limit: range.count, reversed: isReversed) { item in
            if isLent { elements.add(item) } else { elements.add(copyOf: item) }
            return true
        }
    }

    private static func replyElements(
        _ elements: borrowing SortElements,
        _ range: Range<Int>,
        _ request: SortRequest,
        _ context: inout CommandContext
    ) {
        context.reply.array(range.count * max(request.patterns.count, 1))
        var name = ByteBuffer()
        guard !request.patterns.isEmpty else {
            for index in range { context.reply.bulk(elements[index]) }
            return
        }
        for index in range {
            elements[index].withText { element in
                for pattern in request.patterns {
                    switch pattern.look(element, &name, &context) {
                    case .bytes(let bytes)?: context.reply.bulk(bytes)
                    case .integer(let number)?: context.reply.bulk(decimal: number)
                    case .block(let block)?: context.reply.bulk(block)
                    case nil: context.reply.null()
                    }
                }
            }
        }
    }

    /// Stores the result as a list at `target`, replacing its value; missing values become empty.
    private static func store(
        _ elements: borrowing SortElements,
        _ range: Range<Int>,
        _ request: SortRequest,
        at target: Key,
        _ context: inout CommandContext
    ) {
        var name = ByteBuffer()
        // Copy the texts before removing the target, which may be the collection or hold values
        // that patterns refer to.
        var texts = SortTexts()
        for index in range {
            elements[index].withText { element in
                if request.patterns.isEmpty { texts.append(.bytes(element)) }
                for pattern in request.patterns {
                    texts.append(pattern.look(element, &name, &context) ?? .bytes(Bytes()))
                }
            }
        }
        let old = context.find(target)
        if let old { old.shard.remove(old) }
        let count = range.count * max(request.patterns.count, 1)
        context.reply.integer(count)
        guard count > 0, let first = texts[0] else {
            if old != nil { context.changed(target, .del) }
            return
        }
        let limits = context.limits.encoding
        let list = ListValue.create(target, bytes: first.count, in: context.shard(target))
        for index in 0..<count {
            guard let text = texts[index] else { break }
            list.grow(by: 1, bytes: text.count, limits)
            list.push(PackItem(encoding: text), atFront: false, limits)
        }
        context.changed(target, .sortStore, by: count)
    }

    /// The number of elements per record of `logStored`, so that records do not get too long.
    private static let elementsLogged = 256

    /// Logs the list stored at `target`, if there is one.
    private static func logStored(_ target: Key, _ context: inout CommandContext) {
        guard context.logs, context.effects.areDirty else { return }
        context.log("DEL", target)
        guard let slot = context.shard(target).find(target) else { return }
        let list = ListValue(slot)
        for start in stride(from: 0, to: list.count, by: elementsLogged) {
            context.log("RPUSH") { record in
                record.word(target.bytes)
                list.walk(from: start, limit: elementsLogged, reversed: false) { element in
                    record.word(element)
                    return true
                }
            }
        }
    }
}
