internal import Primitives
internal import Store
internal import Structures

/// The walk over a large list, to whose ends elements may be added and removed meanwhile.
///
/// ```text
/// first                                                        last
/// │ added │ written │ next ▶ … rest … │ added or removed         │
///                                          └▶ removed: kept, and written at the end
/// ```
struct ListWalk {
    /// The index of the next element to write.
    private var next = 0
    /// How many elements of the list remain to be written.
    private var rest: Int
    /// The elements that followed them and were removed since, the last one first.
    private var removed: [[UInt8]] = []

    /// How many elements may be written before a change.
    private static let changeMax = 128
    /// How many removed elements may be kept.
    private static let removedMax = 1 << 16

    init(_ list: ListValue) { rest = list.count }

    /// Whether everything has been written.
    var isThrough: Bool { rest == 0 && removed.isEmpty }

    /// Writes up to `limit` elements.
    mutating func write(_ list: ListValue, _ writer: inout RDBWriter, limit: Int) {
        guard rest > 0 else { return writeRemoved(&writer, limit: limit) }
        let count = min(limit, rest)
        list.walk(from: next, limit: count) { element in
            writer.string(element)
            return true
        }
        next += count
        rest -= count
    }

    private mutating func writeRemoved(_ writer: inout RDBWriter, limit: Int) {
        for _ in 0..<limit {
            guard let element = removed.popLast() else { return }
            element.withBytes { writer.string($0) }
        }
    }

    /// Prepares for the removal of elements at the ends; false if there are too many.
    mutating func prepareRemoval(
        first: Int,
        last: Int,
        _ list: ListValue,
        _ writer: inout RDBWriter
    ) -> Bool {
        guard max(first, last) <= ListWalk.changeMax, removed.count < ListWalk.removedMax else {
            return false
        }
        let count = list.count
        let written = min(first, count)
        if rest > 0, next < written { write(list, &writer, limit: written - next) }
        let end = next + rest
        let kept = max(next, count - last)
        guard kept < end else { return true }
        list.walk(from: end - 1, limit: end - kept, reversed: true) { element in
            element.withText { removed.append($0.array) }
            return true
        }
        rest -= end - kept
        return true
    }

    /// Notes that the first elements have been removed or, if negative, that some were added.
    mutating func shift(by removedCount: Int) { next = max(0, next - removedCount) }
}
