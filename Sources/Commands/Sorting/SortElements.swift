internal import Primitives
internal import Store
internal import Structures

/// The elements of a collection, for sorting.
///
/// ```text
/// items    │ element 0 │ element 1 │ …     in the original order, borrowed from the collection, or
///                                        from `copies` if it cannot lend them for long enough
/// order    │ key, 1 │ key, 0 │ …          keys that sort as scores do, or as the first bytes
/// weights  │ text, 0 │ text, 1 │ …        only for ALPHA BY; the bytes are in `texts`
/// ```
/// Elements with equal keys are compared as a whole, in a second pass.
///
/// ## Invariants
/// The collection does not change in the meantime. `copies` is large enough for everything put into
/// it, so it never moves. `order` is empty or contains every element once.
struct SortElements: ~Copyable {
    private var items: [PackItem] = []
    private var order: [KeyOrder.Item] = []
    private var texts = SortTexts()
    private var copies = ByteBuffer()
    /// Buffer for names built from patterns.
    private var name = ByteBuffer()

    /// The number of elements.
    var count: Int { items.count }

    /// The element at `index` in sorted order.
    subscript(index: Int) -> PackItem {
        order.isEmpty ? items[index] : items[Int(order[index].position)]
    }

    /// Adds an element borrowed from the collection.
    mutating func add(_ item: PackItem) { items.append(item) }

    /// Reserves space for copies of `byteCount` bytes.
    mutating func reserveCopies(_ byteCount: Int) { copies.reserve(byteCount) }

    /// Adds an element that is borrowed for this call only.
    ///
    /// Precondition: `reserveCopies` has reserved space for it.
    mutating func add(copyOf item: PackItem) {
        guard case .bytes(let bytes) = item else { return add(item) }
        precondition(copies.count + bytes.count <= copies.capacity, "copies must not move")
        let start = copies.count
        copies.append(bytes)
        add(.bytes(copies.bytes[start..<copies.count]))
    }

    // MARK: Order

    /// Sorts the elements as specified by `request`.
    mutating func sort(
        _ request: SortRequest,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var order: [KeyOrder.Item] = []
        order.reserveCapacity(items.count)
        let flips: UInt64 = request.isDescending ? .max : 0
        for index in items.indices {
            let key = try key(index, request, &context) ^ flips
            order.append(KeyOrder.Item(key: key, position: UInt32(index)))
        }
        KeyOrder.sort(&order)
        let isByText = request.isAlphabetic && request.by != nil
        SortElements.sortEqualKeys(&order) { left, right in
            let order = isByText ? compareWeights(left, right) : compare(left, right)
            return request.isDescending ? order > 0 : order < 0
        }
        self.order = order
    }

    /// The key for the first pass for element `index`.
    private mutating func key(
        _ index: Int,
        _ request: SortRequest,
        _ context: inout CommandContext
    ) throws(CommandError) -> UInt64 {
        let item = items[index]
        guard request.isAlphabetic else {
            return KeyOrder.key(try score(item, request, &context))
        }
        guard let by = request.by else { return item.withText { KeyOrder.key($0) } }
        item.withText { texts.append(by.look($0, &name, &context)) }
        return texts[index].map { KeyOrder.key($0) } ?? 0
    }

    private mutating func score(
        _ item: PackItem,
        _ request: SortRequest,
        _ context: inout CommandContext
    ) throws(CommandError) -> Double {
        var score: Double?
        if let by = request.by {
            score = item.withText { element in
                by.look(element, &name, &context).map { SortElements.score($0) } ?? 0
            }
        } else {
            switch item {
            case .bytes(let bytes): score = SortElements.score(.bytes(bytes))
            case .integer(let number): score = Double(number)
            }
        }
        guard let score else {
            throw .key(.sortWeight)
        }
        return score
    }

    /// The number in a text as parsed by C's strtod: after space, up to a zero byte; empty is 0.
    private static func score(_ content: StringContent) -> Double? {
        var text: Bytes
        switch content {
        case .integer(let number): return Double(number)
        case .bytes(let bytes): text = bytes
        case .block(let block): text = block.bytes
        }
        if let score = ScoreReader.short(text) { return score }
        if let end = (0..<text.count).first(where: { text[$0] == 0 }) { text = text[0..<end] }
        if text.isEmpty { return 0 }
        while text.count > 0, text[0] == UInt8(ascii: " ") || text[0] &- 9 < 5 {
            text = text.dropFirst(1)
        }
        return FloatText.number(text)
    }

    /// Sorts every run of equal keys with `areInOrder`, which compares positions.
    private static func sortEqualKeys(
        _ order: inout [KeyOrder.Item],
        _ areInOrder: (Int, Int) -> Bool
    ) {
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, order[end].key == order[start].key { end += 1 }
            if end - start > 1 {
                order[start..<end].sort { areInOrder(Int($0.position), Int($1.position)) }
            }
            start = end
        }
    }

    private func compare(_ left: Int, _ right: Int) -> Int {
        switch (items[left], items[right]) {
        case (.bytes(let one), .bytes(let other)): return one.compare(other)
        case (.integer(let one), .integer(let other)) where one == other: return 0
        case (let one, let other):
            return one.withText { text in other.withText { text.compare($0) } }
        }
    }

    /// An element without a weight comes first.
    private func compareWeights(_ left: Int, _ right: Int) -> Int {
        switch (texts[left], texts[right]) {
        case (let one?, let other?): one.compare(other)
        case (nil, nil): 0
        case (nil, _?): -1
        case (_?, nil): 1
        }
    }
}

/// Owned texts, some of which are missing.
struct SortTexts: ~Copyable {
    private var bytes = ByteBuffer()
    private var places: [Range<Int>?] = []

    /// Text `index`, borrowed until another is added; nil if it is missing.
    subscript(index: Int) -> Bytes? { places[index].map { bytes.bytes[$0] } }

    /// Adds a text.
    mutating func append(_ content: StringContent?) {
        guard let content else { return places.append(nil) }
        let start = bytes.count
        switch content {
        case .bytes(let text): bytes.append(text)
        case .integer(let number): bytes.append(decimal: number)
        case .block(let block): bytes.append(block.bytes)
        }
        places.append(start..<bytes.count)
    }
}
