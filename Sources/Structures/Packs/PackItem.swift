public import Primitives

/// An item of a pack: bytes, or an integer that stands for its decimal text.
///
/// ```text
/// head        followed by                         meaning
/// 0x00…0x7F   0…127 bytes                         a short string
/// 0x80…0xBF   nothing                             the number 0…63
/// 0xC0…0xCF   a byte, up to 4,095 bytes           a string; the head's low bits start its length
/// 0xD0        4 bytes of length, the bytes        a long string
/// 0xD1…0xD8   1…8 bytes, two's complement         a number
/// ```
/// Little-endian throughout. A text is stored as a number exactly if printing the number restores
/// the text. `FieldPack` uses `0xC0 0x00`, which no text has, for null.
@frozen
public enum PackItem {
    /// A string, borrowed from the pack.
    case bytes(Bytes)
    /// A number.
    case integer(Int64)

    /// Chooses the form in which a pack stores `text`.
    @inlinable
    public init(encoding text: Bytes) {
        if text.count <= DecimalText.byteCountMax, let number = DecimalText.integer(text) {
            self = .integer(number)
        } else {
            self = .bytes(text)
        }
    }

    @usableFromInline static let longString: UInt8 = 0xD0

    // MARK: Reading

    /// Reads the item at `offset` of `cell`; also returns the offset of the next one.
    @inlinable
    @inline(__always)
    public static func read(_ cell: Cell, _ offset: Int) -> (item: PackItem, end: Int) {
        let head = cell.byte(offset)
        if _fastPath(head < 0x80) {
            let end = offset &+ 1 &+ Int(head)
            return (.bytes(cell.bytes(offset &+ 1, Int(head))), end)
        }
        if head < 0xC0 { return (.integer(Int64(head & 0x3F)), offset &+ 1) }
        return readLong(cell, offset, head)
    }

    @inlinable
    static func readLong(_ cell: Cell, _ offset: Int, _ head: UInt8) -> (item: PackItem, end: Int) {
        if head < longString {
            let count = Int(head & 15) << 8 | Int(cell.byte(offset &+ 1))
            return (.bytes(cell.bytes(offset &+ 2, count)), offset &+ 2 &+ count)
        }
        if head == longString {
            let count = Int(cell.load(offset &+ 1, as: UInt32.self))
            return (.bytes(cell.bytes(offset &+ 5, count)), offset &+ 5 &+ count)
        }
        let width = Int(head &- longString)
        var bits: UInt64 = 0
        for index in 0..<width {
            bits |= UInt64(cell.byte(offset &+ 1 &+ index)) << UInt64(index &* 8)
        }
        let shift = Int64(64 &- width &* 8)
        return (.integer((Int64(bitPattern: bits) << shift) >> shift), offset &+ 1 &+ width)
    }

    /// The offset of the item after the one at `offset`.
    @inlinable
    @inline(__always)
    public static func end(_ cell: Cell, _ offset: Int) -> Int {
        let head = cell.byte(offset)
        if _fastPath(head < 0x80) { return offset &+ 1 &+ Int(head) }
        if head < 0xC0 { return offset &+ 1 }
        if head > longString { return offset &+ 1 &+ Int(head &- longString) }
        return readLong(cell, offset, head).end
    }

    /// Whether both items have the same text.
    @inlinable
    public static func == (left: PackItem, right: PackItem) -> Bool {
        switch (left, right) {
        case (.bytes(let one), .bytes(let other)): one == other
        case (.integer(let one), .integer(let other)): one == other
        case (.bytes, .integer), (.integer, .bytes): false
        }
    }

    /// The length of the text in bytes.
    @inlinable
    public var textCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .integer(let number): DecimalText.byteCount(number)
        }
    }

    /// Calls `body` with the text.
    @inlinable
    public func withText<Result, Failure: Error>(
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .bytes(let bytes): return try body(bytes)
        case .integer(let number): return try DecimalText.withText(number, body)
        }
    }

    // MARK: Writing

    /// The size of the item in a pack, in bytes.
    @inlinable
    public var byteCount: Int {
        switch self {
        case .bytes(let bytes):
            (bytes.count < 0x80 ? 1 : bytes.count < 0x1000 ? 2 : 5) &+ bytes.count
        case .integer(let number):
            number >= 0 && number < 64 ? 1 : 1 &+ PackItem.width(number)
        }
    }

    /// The minimum number of bytes for `number` in two's complement.
    @inlinable
    static func width(_ number: Int64) -> Int {
        let magnitude = number < 0 ? ~number : number
        return (64 &- magnitude.leadingZeroBitCount &+ 8) >> 3
    }

    /// Writes the item at `offset` of `cell`, which must have room for `byteCount` bytes.
    ///
    /// The item must not borrow from that room. Returns the offset of the next item.
    @inlinable
    @discardableResult
    public func write(to cell: Cell, at offset: Int) -> Int {
        switch self {
        case .bytes(let bytes): PackItem.write(bytes, cell, offset)
        case .integer(let number): PackItem.write(number, cell, offset)
        }
    }

    @inlinable
    static func write(_ bytes: Bytes, _ cell: Cell, _ offset: Int) -> Int {
        var place = offset &+ 1
        if _fastPath(bytes.count < 0x80) {
            cell.store(UInt8(truncatingIfNeeded: bytes.count), offset)
        } else if bytes.count < 0x1000 {
            cell.store(0xC0 | UInt8(truncatingIfNeeded: bytes.count >> 8), offset)
            cell.store(UInt8(truncatingIfNeeded: bytes.count), place)
            place &+= 1
        } else {
            cell.store(longString, offset)
            cell.store(UInt32(bytes.count), place)
            place &+= 4
        }
        cell.put(bytes, place)
        return place &+ bytes.count
    }

    @inlinable
    static func write(_ number: Int64, _ cell: Cell, _ offset: Int) -> Int {
        if number >= 0, number < 64 {
            cell.store(0x80 | UInt8(truncatingIfNeeded: number), offset)
            return offset &+ 1
        }
        let width = width(number)
        cell.store(longString &+ UInt8(truncatingIfNeeded: width), offset)
        for index in 0..<width {
            cell.store(
                UInt8(truncatingIfNeeded: number >> Int64(index &* 8)),
                offset &+ 1 &+ index
            )
        }
        return offset &+ 1 &+ width
    }
}
