/// A value of hstore: names, each with a text or null, in PostgreSQL's binary format.
///
/// ```text
/// int32 pairs │ int32 bytes, name │ int32 bytes (-1: null), text │ …        most significant first
/// ```
struct HstoreValue: Equatable {
    /// A name and its value; nil for null.
    struct Pair: Equatable {
        var name: [UInt8]
        var value: [UInt8]?
    }

    var pairs: [Pair] = []

    init(_ pairs: [Pair] = []) { self.pairs = pairs }

    /// Reads the binary format; nil if the bytes are not in it.
    init?(binary bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let count = reader.number(), count >= 0 else { return nil }
        for _ in 0..<count {
            guard let length = reader.number(), let name = reader.take(length),
                let size = reader.number()
            else { return nil }
            guard size != -1 else {
                pairs.append(Pair(name: name, value: nil))
                continue
            }
            guard let value = reader.take(size) else { return nil }
            pairs.append(Pair(name: name, value: value))
        }
        guard reader.isAtEnd else { return nil }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func number() -> Int? {
            take(4).map { Int(Int32(truncatingIfNeeded: $0.reduce(0) { $0 << 8 | UInt32($1) })) }
        }

        mutating func take(_ count: Int) -> [UInt8]? {
            guard count >= 0, count <= bytes.count - position else { return nil }
            defer { position += count }
            return Array(bytes[position..<position + count])
        }
    }

    /// The binary format.
    var binary: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(int32: pairs.count)
        for pair in pairs {
            bytes.append(int32: pair.name.count)
            bytes += pair.name
            bytes.append(int32: pair.value?.count ?? -1)
            bytes += pair.value ?? []
        }
        return bytes
    }

    /// Whether a zero byte, which PostgreSQL cannot store, is in any name or value.
    var hasZero: Bool { pairs.contains { $0.name.contains(0) || $0.value?.contains(0) ?? false } }
}

extension [UInt8] {
    /// Appends a number in four bytes, the most significant first.
    mutating func append(int32 number: Int) {
        let bits = UInt32(bitPattern: Int32(number))
        for shift in [24, 16, 8, 0] as [UInt32] { append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }

    /// Appends a number in two bytes, the most significant first.
    mutating func append(int16 number: Int) {
        let bits = UInt16(bitPattern: Int16(number))
        append(UInt8(truncatingIfNeeded: bits >> 8))
        append(UInt8(truncatingIfNeeded: bits))
    }
}
