internal import Primitives
internal import Store
internal import Structures

/// The elements of a collection with their weights, to be put in order.
///
/// ```text
/// texts    │ element │ weight │ element │ weight │ …     weights by ALPHA BY only
/// items    │ place of the element, place of the weight or score │ …
/// ```
struct SortElements: ~Copyable {
    /// A run of `texts`.
    private struct Place {
        var start = 0
        var count = 0
    }

    private struct Item {
        var element: Place
        var weight: Place?
        var score = 0.0
    }

    private var texts = ByteBuffer()
    private var items: [Item] = []

    /// The elements held.
    var count: Int { items.count }

    /// Element `index`, lent until another is added.
    subscript(index: Int) -> Bytes { text(items[index].element) }

    private func text(_ place: Place) -> Bytes {
        texts.bytes[place.start..<place.start + place.count]
    }

    private mutating func append(_ content: StringContent) -> Place {
        let start = texts.count
        texts.append(content)
        return Place(start: start, count: texts.count - start)
    }

    /// Adds an element.
    mutating func add(_ content: StringContent) {
        let place = append(content)
        items.append(Item(element: place))
    }

    // MARK: Order

    /// Puts the elements in order as `request` asks.
    mutating func sort(
        _ request: SortRequest,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try weigh(request, &context)
        let texts = texts.bytes
        func bytes(_ place: Place) -> Bytes { texts[place.start..<place.start + place.count] }
        let isDescending = request.isDescending
        if !request.isAlphabetic {
            items.sort { left, right in
                if left.score != right.score { return (left.score < right.score) != isDescending }
                let order = bytes(left.element).compare(bytes(right.element))
                return isDescending ? order > 0 : order < 0
            }
        } else if request.by == nil {
            items.sort { left, right in
                let order = bytes(left.element).compare(bytes(right.element))
                return isDescending ? order > 0 : order < 0
            }
        } else {
            // An element without a weight comes first.
            items.sort { left, right in
                guard let a = left.weight, let b = right.weight else {
                    return isDescending
                        ? right.weight == nil && left.weight != nil
                        : left.weight == nil && right.weight != nil
                }
                let order = bytes(a).compare(bytes(b))
                return isDescending ? order > 0 : order < 0
            }
        }
    }

    /// Notes the weight or score of every element.
    private mutating func weigh(
        _ request: SortRequest,
        _ context: inout CommandContext
    ) throws(CommandError) {
        if request.isAlphabetic, request.by == nil { return }
        var name = ByteBuffer()
        for index in items.indices {
            let element = self[index]
            var content: StringContent? = .bytes(element)
            if let by = request.by { content = by.look(element, &name, &context) }
            guard let content else { continue }
            if request.isAlphabetic {
                items[index].weight = append(content)
            } else {
                guard let score = SortElements.score(content) else {
                    throw CommandError("ERR One or more scores can't be converted into double")
                }
                items[index].score = score
            }
        }
    }

    /// The number in a text as C's strtod reads it: after space, up to a zero byte; nothing is 0.
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
        while text.count > 0, text[0] == 0x20 || text[0] &- 9 < 5 { text = text.dropFirst(1) }
        return FloatText.number(text)
    }
}

extension ByteBuffer {
    /// Appends the text of a string.
    mutating func append(_ content: StringContent) {
        switch content {
        case .bytes(let bytes): append(bytes)
        case .integer(let number): append(decimal: number)
        case .block(let block): append(block.bytes)
        }
    }
}
