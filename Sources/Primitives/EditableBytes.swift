/// Bytes that are edited in place, each access checked against their end: a string's, lent to a
/// command.
///
/// Valid until the string changes otherwise.
@frozen
public struct EditableBytes {
    /// The block that the bytes begin, for layouts that know their way.
    public let cell: Cell
    /// The number of bytes.
    public let count: Int

    /// The first `count` bytes of `cell`.
    @inlinable
    public init(_ cell: Cell, count: Int) {
        self.cell = cell
        self.count = count
    }

    /// All bytes, lent.
    @inlinable public var bytes: Bytes { cell.bytes(0, count) }

    /// Copies `bytes`, which lie elsewhere, to `offset`.
    @inlinable
    public func put(_ bytes: Bytes, _ offset: Int) {
        precondition(offset >= 0 && offset <= count - bytes.count, "beyond the string's end")
        cell.put(bytes, offset)
    }

    /// The byte at `index`.
    @inlinable
    public subscript(index: Int) -> UInt8 {
        get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such byte")
            return cell.byte(index)
        }
        nonmutating set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such byte")
            cell.store(newValue, index)
        }
    }
}
