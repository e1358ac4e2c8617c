public import Primitives

/// Function libraries, in the format of FUNCTION DUMP and of files.
///
/// ```text
/// 245 │ code │ 245 │ code │ … │ version, LE │ CRC64 of all
/// ```
extension RDBWriter {
    /// Appends a library.
    public mutating func function(_ code: Bytes) {
        buffer.append(RDBOpcode.function)
        string(code)
    }
}

extension DumpPayload {
    /// The payload of all libraries.
    public static func seal(functions codes: [[UInt8]]) -> [UInt8] {
        var writer = RDBWriter(compresses: false)
        for code in codes { code.withBytes { writer.function($0) } }
        seal(&writer, version: RDBVersion.usual)
        return writer.take().bytes.array
    }

    /// The codes of the libraries in a payload; nil if it is damaged.
    public static func functions(in payload: Bytes) -> [[UInt8]]? {
        // Without libraries, there is only the footer.
        guard payload.count > emptyBytes else { return isEmpty(payload) ? [] : nil }
        guard let content = open(payload) else { return nil }
        var reader = RDBReader(content, stringBytesMax: content.count * 100)
        var codes: [[UInt8]] = []
        do throws(RDBFailure) {
            while !reader.isAtEnd {
                guard try reader.byte() == RDBOpcode.function else { return nil }
                codes.append(try reader.string().array)
            }
        } catch {
            return nil
        }
        return codes
    }

    private static let emptyBytes = 10

    private static func isEmpty(_ payload: Bytes) -> Bool {
        var writer = RDBWriter(compresses: false)
        seal(&writer, version: RDBVersion.usual)
        return payload.count == emptyBytes && payload == writer.buffer.bytes
    }
}
