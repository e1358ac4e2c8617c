internal import Primitives
internal import Structures

/// Writes a listpack: a sequence of items, each followed by its length.
struct ListpackWriter: ~Copyable {
    /// The header: the total number of bytes and the number of items.
    private static let headBytes = 6

    private var buffer = ByteBuffer()
    private(set) var count = 0

    /// Starts an empty listpack.
    mutating func begin() {
        buffer.removeAll(keep: 1 << 16)
        buffer.append(bytesOf: 0, ListpackWriter.headBytes)
        count = 0
    }

    /// The bytes so far.
    var byteCount: Int { buffer.count + 1 }

    /// Appends an item; the decimal text of an integer becomes an integer.
    mutating func append(_ text: Bytes) { append(PackItem(encoding: text)) }

    /// Appends an integer.
    mutating func append(_ number: Int64) { append(.integer(number)) }

    /// Appends an item.
    mutating func append(_ item: PackItem) {
        let start = buffer.count
        switch item {
        case .integer(let number): write(number)
        case .bytes(let bytes): write(bytes)
        }
        writeBackLength(buffer.count - start)
        count += 1
    }

    private mutating func write(_ number: Int64) {
        let bits = UInt64(bitPattern: number)
        switch number {
        case 0...127: buffer.append(UInt8(number))
        case -4096...4095:
            buffer.append(0xC0 | UInt8(bits >> 8 & 0x1F))
            buffer.append(UInt8(bits & 255))
        case -0x8000...0x7FFF: write(0xF1, bits, 2)
        case -0x80_0000...0x7F_FFFF: write(0xF2, bits, 3)
        case -0x8000_0000...0x7FFF_FFFF: write(0xF3, bits, 4)
        default: write(0xF4, bits, 8)
        }
    }

    private mutating func write(_ head: UInt8, _ bits: UInt64, _ width: Int) {
        buffer.append(head)
        buffer.append(bytesOf: bits, width)
    }

    private mutating func write(_ bytes: Bytes) {
        switch bytes.count {
        case 0..<64: buffer.append(0x80 | UInt8(bytes.count))
        case 64..<4096:
            buffer.append(0xE0 | UInt8(bytes.count >> 8))
            buffer.append(UInt8(bytes.count & 255))
        default: write(0xF0, UInt64(bytes.count), 4)
        }
        buffer.append(bytes)
    }

    /// Seven bits per byte, the highest ones first; all but the first byte have their top bit set.
    private mutating func writeBackLength(_ length: Int) {
        let width =
            length <= 127
            ? 1 : length < 16383 ? 2 : length < 2_097_151 ? 3 : length < 268_435_455 ? 4 : 5
        for place in 0..<width {
            let bits = UInt8(length >> (7 * (width - 1 - place)) & 127)
            buffer.append(place == 0 ? bits : bits | 128)
        }
    }

    /// Completes the listpack and returns its bytes, valid until the next one starts.
    mutating func finish() -> Bytes {
        buffer.append(0xFF)
        buffer.cell.store(UInt32(buffer.count), 0)
        buffer.cell.store(UInt16(min(count, Int(UInt16.max))), 4)
        return buffer.bytes
    }
}
