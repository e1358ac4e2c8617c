internal import Primitives
internal import Structures
internal import Wire

extension ReplyWriter {
    /// Writes a pack item as a bulk string.
    mutating func bulk(_ item: PackItem) {
        switch item {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(decimal: number)
        }
    }
}
