/// The bytes of a string, for editing in place with bounds checks.
///
/// Valid until the string changes by other means.
@frozen
public struct EditableBytes {
    /// The block that starts with the bytes, for types with a layout of their own.
    public let cell: Cell
    /// The number of bytes.
    public let count: Int

    /// Creates a view of the first `count` bytes of `cell`.
    @inlinable
    public init(_ cell: Cell, count: Int) {
        self.cell = cell
        self.count = count
    }

    /// All bytes, borrowed.
    @inlinable public var bytes: Bytes { cell.bytes(0, count) }

    /// Copies `bytes`, which must not overlap, to `offset`.
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
