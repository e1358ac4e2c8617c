internal import Primitives
internal import Structures

/// The items of a small collection that another server packed into one string.
///
/// They are read one by one, with every offset checked.
struct PackedItems {
    /// The format of the string.
    enum Form {
        case listpack
        /// The format before Redis 7.0.
        case ziplist
        /// The format before Redis 2.6.
        case zipmap
    }

    /// The string is damaged.
    struct Damage: Error {}

    private let bytes: Bytes
    private let form: Form
    private var position: Int
    /// In a zipmap, whether the next item is a value rather than a name.
    private var isValue = false

    /// Reads the items of `bytes`.
    init(_ bytes: Bytes, _ form: Form) throws(Damage) {
        self.bytes = bytes
        self.form = form
        switch form {
        case .listpack: position = 6
        case .ziplist: position = 10
        case .zipmap: position = 1
        }
        guard bytes.count > position, bytes[bytes.count - 1] == 0xFF else { throw Damage() }
        if form != .zipmap {
            guard bytes.littleEndian(0, 4) == UInt64(bytes.count) else { throw Damage() }
        }
    }

    /// The next item; nil at the end.
    mutating func next() throws(Damage) -> PackItem? {
        guard bytes[position] != 0xFF else {
            guard position == bytes.count - 1, !isValue else { throw Damage() }
            return nil
        }
        let item =
            switch form {
            case .listpack: try nextOfListpack()
            case .ziplist: try nextOfZiplist()
            case .zipmap: try nextOfZipmap()
            }
        // The last item is followed by the end marker.
        guard position < bytes.count else { throw Damage() }
        return item
    }

    private func demand(_ count: Int, at offset: Int) throws(Damage) {
        guard count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            throw Damage()
        }
    }

    private func number(_ offset: Int, _ width: Int) throws(Damage) -> PackItem {
        try demand(width, at: offset)
        return .integer(bytes.signedLittleEndian(offset, width))
    }

    private func text(_ offset: Int, _ count: Int) throws(Damage) -> PackItem {
        try demand(count, at: offset)
        return .bytes(bytes[offset..<offset + count])
    }

    /// The byte at `offset`, after a byte that has been read.
    private func byte(_ offset: Int) throws(Damage) -> UInt8 {
        try demand(1, at: offset)
        return bytes[offset]
    }

    // MARK: Listpacks

    private mutating func nextOfListpack() throws(Damage) -> PackItem {
        let head = bytes[position]
        let body = position + 1
        let item: PackItem
        let count: Int
        switch head {
        case 0..<0x80: (item, count) = (.integer(Int64(head)), 1)
        case 0x80..<0xC0:
            item = try text(body, Int(head & 0x3F))
            count = 1 + Int(head & 0x3F)
        case 0xC0..<0xE0:
            let bits = Int64(head & 0x1F) << 8 | Int64(try byte(body))
            (item, count) = (.integer(bits < 4096 ? bits : bits - 8192), 2)
        case 0xE0..<0xF0:
            let length = Int(head & 0x0F) << 8 | Int(try byte(body))
            item = try text(body + 1, length)
            count = 2 + length
        case 0xF0:
            try demand(4, at: body)
            let length = Int(bytes.littleEndian(body, 4))
            item = try text(body + 4, length)
            count = 5 + length
        case 0xF1...0xF4:
            let width = head == 0xF4 ? 8 : Int(head - 0xEF)
            item = try number(body, width)
            count = 1 + width
        default: throw Damage()
        }
        try checkBackLength(count, at: position + count)
        position += count + PackedItems.backLengthBytes(count)
        return item
    }

    private static func backLengthBytes(_ count: Int) -> Int {
        count <= 127
            ? 1 : count < 16383 ? 2 : count < 2_097_151 ? 3 : count < 268_435_455 ? 4 : 5
    }

    private func checkBackLength(_ count: Int, at offset: Int) throws(Damage) {
        let width = PackedItems.backLengthBytes(count)
        try demand(width, at: offset)
        var length = 0
        for index in 0..<width { length = length << 7 | Int(bytes[offset + index] & 127) }
        guard length == count else { throw Damage() }
    }

    // MARK: Ziplists

    private mutating func nextOfZiplist() throws(Damage) -> PackItem {
        var place = position + (bytes[position] == 0xFE ? 5 : 1)
        let head = try byte(place)
        place += 1
        let item: PackItem
        var count = 0
        switch head {
        case 0..<0x40: count = Int(head)
        case 0x40..<0x80:
            count = Int(head & 0x3F) << 8 | Int(try byte(place))
            place += 1
        case 0x80:
            try demand(4, at: place)
            count = Int(bytes.littleEndian(place, 4).byteSwapped >> 32)
            place += 4
        default: break
        }
        switch head {
        case 0...0x80: item = try text(place, count)
        case 0xC0, 0xD0, 0xE0:
            count = head == 0xC0 ? 2 : head == 0xD0 ? 4 : 8
            item = try number(place, count)
        case 0xF0, 0xFE:
            count = head == 0xF0 ? 3 : 1
            item = try number(place, count)
        case 0xF1...0xFD: item = .integer(Int64(head & 0x0F) - 1)
        default: throw Damage()
        }
        position = place + count
        return item
    }

    // MARK: Zipmaps

    private mutating func nextOfZipmap() throws(Damage) -> PackItem {
        var count = Int(bytes[position])
        var place = position + 1
        if count == 0xFE {
            try demand(4, at: place)
            count = Int(bytes.littleEndian(place, 4))
            place += 4
        }
        // The byte before a value is the number of unused bytes after it.
        var unused = 0
        if isValue {
            unused = Int(try byte(place))
            place += 1
        }
        let item = try text(place, count)
        try demand(unused, at: place + count)
        position = place + count + unused
        isValue.toggle()
        return item
    }
}
