internal import CLZF
public import Primitives
internal import Structures

/// Reads RDB's numbers and strings from untrusted bytes.
///
/// Every method throws if the bytes end too early or are invalid.
public struct RDBReader: ~Copyable {
    /// The buffer for a string that cannot be borrowed from the bytes as it is.
    ///
    /// The string is valid until another one is read into the same buffer.
    enum Place {
        case first
        case second
    }

    /// The bytes to read.
    public let bytes: Bytes
    /// The offset of the next byte.
    public private(set) var position: Int
    /// The maximum length of a string.
    let stringBytesMax: Int
    /// Whether types have Valkey 9's numbers.
    var isValkey = false
    private var first = ByteBuffer()
    private var second = ByteBuffer()

    /// The limit for LZF's compression ratio: three bytes expand to at most 264.
    private static let ratioMax = 100

    /// Reads `bytes` from `start` on; they must stay valid during the reader's lifetime.
    public init(_ bytes: Bytes, from start: Int = 0, stringBytesMax: Int) {
        self.bytes = bytes
        position = start
        self.stringBytesMax = stringBytesMax
    }

    /// A reader of the same bytes, for another thread.
    public func twin() -> RDBReader {
        var twin = RDBReader(bytes, stringBytesMax: stringBytesMax)
        twin.isValkey = isValkey
        return twin
    }

    /// Continues at an offset.
    public mutating func seek(to offset: Int) {
        precondition(offset >= 0 && offset <= bytes.count, "no such offset")
        position = offset
    }

    /// Whether all bytes have been read.
    public var isAtEnd: Bool { position == bytes.count }

    /// The number of bytes that follow.
    public var bytesLeft: Int { bytes.count - position }

    func failure(_ reason: RDBFailure.Reason) -> RDBFailure {
        RDBFailure(offset: position, reason: reason)
    }

    // MARK: Bytes and numbers

    /// The next byte.
    mutating func byte() throws(RDBFailure) -> UInt8 {
        guard position < bytes.count else { throw failure(.endsEarly) }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(RDBFailure) -> Bytes {
        guard count >= 0, count <= bytes.count - position else { throw failure(.endsEarly) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Skips `wanted` if these are the next bytes; returns whether they are.
    mutating func skip(_ wanted: [UInt8]) -> Bool {
        guard bytes.count - position >= wanted.count else { return false }
        let next = bytes[position..<position + wanted.count]
        guard wanted.withBytes({ $0 == next }) else { return false }
        position += wanted.count
        return true
    }

    /// An unsigned little-endian number of `count` bytes.
    mutating func fixed(_ count: Int) throws(RDBFailure) -> UInt64 {
        try take(count).littleEndian(0, count)
    }

    /// A signed little-endian number of eight bytes.
    mutating func fixed() throws(RDBFailure) -> Int64 { Int64(bitPattern: try fixed(8)) }

    /// The start of a length or string.
    private enum Head {
        case length(UInt64)
        /// A special encoding of a string.
        case special(UInt8)
    }

    private mutating func head() throws(RDBFailure) -> Head {
        let start = try byte()
        switch start >> 6 {
        case 0: return .length(UInt64(start & 0x3F))
        case 1: return .length(UInt64(start & 0x3F) << 8 | UInt64(try byte()))
        case 3: return .special(start & 0x3F)
        default:
            switch start {
            case 0x80: return .length(try fixed(4).byteSwapped >> 32)
            case 0x81: return .length(try fixed(8).byteSwapped)
            default: throw failure(.noLength)
            }
        }
    }

    /// A number encoded as a length.
    mutating func number() throws(RDBFailure) -> UInt64 {
        guard case .length(let number) = try head() else { throw failure(.noLength) }
        return number
    }

    /// The number of elements that follow, each of which takes at least one byte.
    mutating func count() throws(RDBFailure) -> Int {
        let number = try number()
        guard number <= UInt64(bytes.count - position) else { throw failure(.tooLong) }
        return Int(number)
    }

    // MARK: Strings

    /// A string, valid until the next one is read into `place`.
    mutating func string(_ place: Place = .first) throws(RDBFailure) -> Bytes {
        switch try head() {
        case .length(let length):
            guard length <= UInt64(stringBytesMax) else { throw failure(.tooLong) }
            return try take(Int(length))
        case .special(let form):
            switch form {
            case 0...2: return try numberText(1 << form, place)
            case 3: return try expanded(place)
            default: throw failure(.noLength)
            }
        }
    }

    private mutating func numberText(_ width: UInt8, _ place: Place) throws(RDBFailure) -> Bytes {
        let bits = try fixed(Int(width))
        let unused = UInt64(64 - 8 * Int(width))
        let number = Int64(bitPattern: bits << unused) >> Int64(unused)
        return keep(place) { $0.append(decimal: number) }
    }

    private mutating func expanded(_ place: Place) throws(RDBFailure) -> Bytes {
        let packed = try number()
        let length = try number()
        guard packed > 0, packed <= UInt64(bytes.count - position),
            (1...UInt64(stringBytesMax)).contains(length),
            length / UInt64(RDBReader.ratioMax) <= packed
        else { throw failure(.tooLong) }
        let source = try take(Int(packed))
        let count = Int(length)
        guard SharedBlock.isAvailable(count) else { throw failure(.noMemory) }
        var worked = false
        let text = keep(place) { buffer in
            // SAFETY: the source is readable for its count, and the buffer has room for `count`
            // bytes.
            let written = unsafe lzf_decompress(
                source.base,
                UInt32(source.count),
                buffer.room(count),
                UInt32(count)
            )
            worked = Int(written) == count
            if worked { buffer.commit(count) }
        }
        guard worked else { throw failure(.badCompression) }
        return text
    }

    private mutating func keep(_ place: Place, _ write: (inout ByteBuffer) -> Void) -> Bytes {
        switch place {
        case .first:
            first.truncate(to: 0)
            write(&first)
            return first.bytes
        case .second:
            second.truncate(to: 0)
            write(&second)
            return second.bytes
        }
    }

    /// Skips a string.
    mutating func skipString() throws(RDBFailure) {
        switch try head() {
        case .length(let length):
            guard length <= UInt64(stringBytesMax) else { throw failure(.tooLong) }
            _ = try take(Int(length))
        case .special(let form):
            switch form {
            case 0...2: _ = try take(1 << Int(form))
            case 3:
                let packed = try count()
                _ = try number()
                _ = try take(packed)
            default: throw failure(.noLength)
            }
        }
    }

    // MARK: Scores

    /// A score in eight bytes.
    mutating func score() throws(RDBFailure) -> Double {
        let score = Double(bitPattern: try fixed(8))
        guard !score.isNaN else { throw failure(.badNumber) }
        return score
    }

    /// A score as text, as written by old servers.
    mutating func scoreText() throws(RDBFailure) -> Double {
        let length = try byte()
        switch length {
        case 254: return .infinity
        case 255: return -.infinity
        case 253: throw failure(.badNumber)
        default:
            guard let score = FloatText.numberInAnyRange(try take(Int(length))) else {
                throw failure(.badNumber)
            }
            return score
        }
    }
}

extension Bytes {
    /// The unsigned little-endian number in the `count` bytes from `offset` on.
    ///
    /// Precondition: these bytes exist.
    func littleEndian(_ offset: Int, _ count: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<count { number |= UInt64(self[offset + index]) << UInt64(8 * index) }
        return number
    }

    /// The signed little-endian number in the `count` bytes from `offset` on.
    func signedLittleEndian(_ offset: Int, _ count: Int) -> Int64 {
        let unused = Int64(64 - 8 * count)
        return Int64(bitPattern: littleEndian(offset, count) << UInt64(unused)) >> unused
    }
}
