internal import Primitives
internal import Store
internal import Structures
internal import Wire

extension ReplyWriter {
    /// An id: `1526919030474-55`.
    mutating func id(_ id: StreamID) { bulk(decimal: id.milliseconds, dash: id.sequence) }

    /// A field or value.
    mutating func word(_ word: StreamWord) {
        switch word {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(decimal: number)
        }
    }

    /// An entry: its id, and its fields and values in turns.
    mutating func entry(_ item: StreamPack.Item) {
        array(2)
        id(item.id)
        words(item)
    }

    /// An entry's fields and values in turns.
    mutating func words(_ item: StreamPack.Item) {
        array(item.fieldCount * 2)
        item.forEachWord { word($0) }
    }

    /// Up to `limit` entries of an interval, downwards when `reversed`; returns their number.
    @discardableResult
    mutating func entries(
        _ stream: StreamValue,
        _ lower: StreamID,
        _ upper: StreamID,
        limit: Int = .max,
        reversed: Bool = false
    ) -> Int {
        let mark = mark()
        var count = 0
        if limit > 0 {
            stream.walk(lower, upper, reversed: reversed) { item in
                entry(item)
                count += 1
                return count < limit
            }
        }
        array(count, at: mark)
        return count
    }
}
