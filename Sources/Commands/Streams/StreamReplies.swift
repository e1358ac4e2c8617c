internal import Primitives
internal import Store
internal import Structures
internal import Wire

extension ReplyWriter {
    /// Writes an id: `1526919030474-55`.
    mutating func id(_ id: StreamID) { bulk(decimal: id.milliseconds, dash: id.sequence) }

    /// Writes a field or value.
    mutating func word(_ word: StreamWord) {
        switch word {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(decimal: number)
        }
    }

    /// Writes an entry: its id, then its fields and values alternately.
    mutating func entry(_ item: StreamPack.Item) {
        array(2)
        id(item.id)
        words(item)
    }

    /// Writes an entry's fields and values alternately.
    mutating func words(_ item: StreamPack.Item) {
        array(item.fieldCount * 2)
        item.forEachWord { word($0) }
    }

    /// Writes up to `limit` entries of an interval, backwards if `reversed`; returns how many.
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
