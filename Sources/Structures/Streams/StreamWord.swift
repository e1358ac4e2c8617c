public import Primitives

/// A field or value of an entry, as stored in a pack.
///
/// ```text
/// 0lllllll            text of 0…127 bytes, which follow
/// 10iiiiii            an integer of 0…63
/// 110lllll llllllll   text of up to 8,191 bytes
/// 11100www            an integer of 1, 2, 3, 4 or 8 bytes, which follow
/// 11110000 + 4 bytes  text of any length
/// ```
public enum StreamWord {
    /// Text, borrowed from the pack.
    case bytes(Bytes)
    /// An integer, for text that is its canonical decimal form.
    case integer(Int64)

    /// The maximum size of the head before the word's own bytes.
    static let headCountMax = 9

    /// Whether the word equals `text`.
    func isSame(as text: Bytes) -> Bool {
        switch self {
        case .bytes(let bytes): bytes == text
        case .integer(let number): DecimalText.integer(text) == number
        }
    }

    /// Reads the word at `place` and moves `place` past it.
    @inline(__always)
    static func read(_ cell: Cell, _ place: inout Int) -> StreamWord {
        let head = cell.byte(place)
        place &+= 1
        if _fastPath(head < 0x80) {
            let bytes = cell.bytes(place, Int(head))
            place &+= Int(head)
            return .bytes(bytes)
        }
        if head < 0xC0 { return .integer(Int64(head & 0x3F)) }
        return readLong(head, cell, &place)
    }

    private static func readLong(_ head: UInt8, _ cell: Cell, _ place: inout Int) -> StreamWord {
        if head < 0xE0 || head == 0xF0 {
            var length = Int(head & 0x1F) << 8 | Int(cell.byte(place))
            place &+= 1
            if head == 0xF0 {
                length = Int(cell.load(place &- 1, as: UInt32.self))
                place &+= 3
            }
            let bytes = cell.bytes(place, length)
            place &+= length
            return .bytes(bytes)
        }
        let start = place
        switch head & 7 {
        case 0:
            place &+= 1
            return .integer(Int64(cell.load(start, as: Int8.self)))
        case 1:
            place &+= 2
            return .integer(Int64(cell.load(start, as: Int16.self)))
        case 2:
            place &+= 3
            let low = Int64(cell.load(start, as: UInt16.self))
            return .integer(Int64(cell.load(start &+ 2, as: Int8.self)) << 16 | low)
        case 3:
            place &+= 4
            return .integer(Int64(cell.load(start, as: Int32.self)))
        default:
            place &+= 8
            return .integer(cell.load(start))
        }
    }

    /// Writes `text` at `place` and moves `place` past it.
    ///
    /// There must be room for the text and `headCountMax` bytes more. Returns the size that the
    /// text would have in a listpack.
    static func write(_ text: Bytes, _ cell: Cell, _ place: inout Int) -> Int {
        let count = text.count
        if count <= DecimalText.byteCountMax, let number = DecimalText.integer(text) {
            write(number, cell, &place)
            return listpackByteCount(number)
        }
        if count < 0x80 {
            cell.store(UInt8(truncatingIfNeeded: count), place)
            place &+= 1
        } else if count < 0x2000 {
            cell.store(UInt8(truncatingIfNeeded: count >> 8) | 0xC0, place)
            cell.store(UInt8(truncatingIfNeeded: count), place &+ 1)
            place &+= 2
        } else {
            cell.store(UInt8(0xF0), place)
            cell.store(UInt32(count), place &+ 1)
            place &+= 5
        }
        cell.put(text, place)
        place &+= count
        return listpackByteCount(textCount: count)
    }

    private static func write(_ number: Int64, _ cell: Cell, _ place: inout Int) {
        if number >= 0, number < 64 {
            cell.store(UInt8(truncatingIfNeeded: number) | 0x80, place)
            place &+= 1
        } else if let byte = Int8(exactly: number) {
            cell.store(UInt8(0xE0), place)
            cell.store(byte, place &+ 1)
            place &+= 2
        } else if let word = Int16(exactly: number) {
            cell.store(UInt8(0xE1), place)
            cell.store(word, place &+ 1)
            place &+= 3
        } else if number >= -(1 << 23), number < 1 << 23 {
            cell.store(UInt8(0xE2), place)
            cell.store(UInt16(truncatingIfNeeded: number), place &+ 1)
            cell.store(Int8(truncatingIfNeeded: number >> 16), place &+ 3)
            place &+= 4
        } else if let word = Int32(exactly: number) {
            cell.store(UInt8(0xE3), place)
            cell.store(word, place &+ 1)
            place &+= 5
        } else {
            cell.store(UInt8(0xE4), place)
            cell.store(number, place &+ 1)
            place &+= 9
        }
    }

    // MARK: Sizes in Redis

    /// The size of an integer in a listpack.
    ///
    /// Redis ends nodes by these sizes, and `XTRIM ~` makes it visible where they end.
    static func listpackByteCount(_ number: Int64) -> Int {
        if number >= 0, number <= 127 { return 2 }
        if number >= -4096, number <= 4095 { return 3 }
        if Int16(exactly: number) != nil { return 4 }
        if number >= -(1 << 23), number < 1 << 23 { return 5 }
        return Int32(exactly: number) != nil ? 6 : 10
    }

    /// The size of a text in a listpack.
    static func listpackByteCount(textCount count: Int) -> Int {
        let body = count + (count < 64 ? 1 : count < 4096 ? 2 : 5)
        if body <= 127 { return body + 1 }
        return body + (body < 16_383 ? 2 : body < 2_097_151 ? 3 : body < 268_435_455 ? 4 : 5)
    }
}
