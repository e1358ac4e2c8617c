public import Primitives

/// A single value in the format of DUMP: type, value, version and checksum.
///
/// ```text
/// ┌──────┬───────┬─────────────┬───────────────┐
/// │ type │ value │ version, LE │ CRC64 of all  │
/// └──────┴───────┴─────────────┴───────────────┘
///   1 byte          2 bytes       8 bytes, LE
/// ```
public enum DumpPayload {
    private static let footerBytes = 10

    /// Appends version and checksum to the contents of `writer`.
    public static func seal(_ writer: inout RDBWriter, version: Int) {
        writer.buffer.append(bytesOf: UInt64(version), 2)
        writer.buffer.append(bytesOf: CRC64.of(writer.buffer.bytes), 8)
    }

    /// The type and value of a payload; nil if its version is unknown or its checksum is wrong.
    ///
    /// The checksum is not compared unless `checksSum`.
    public static func open(_ payload: Bytes, checksSum: Bool = true) -> Bytes? {
        guard payload.count > footerBytes else { return nil }
        let end = payload.count - footerBytes
        let version = Int(payload[end]) | Int(payload[end + 1]) << 8
        guard RDBVersion.isKnown(version) else { return nil }
        var sum: UInt64 = 0
        for index in 0..<8 { sum |= UInt64(payload[end + 2 + index]) << UInt64(8 * index) }
        // Zero means that no checksum was computed.
        guard sum == 0 || !checksSum || sum == CRC64.of(payload[0..<end + 2]) else { return nil }
        return payload[0..<end]
    }
}
