internal import Primitives
internal import Structures
internal import Wire

extension ReplyWriter {
    /// A bulk string of an item of a pack.
    mutating func bulk(_ item: PackItem) {
        switch item {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(decimal: number)
        }
    }
}
