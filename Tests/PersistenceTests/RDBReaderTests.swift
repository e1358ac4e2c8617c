import Primitives
import Testing

@testable import Persistence

@Suite struct RDBReaderTests {
    private func read<Result>(
        _ bytes: Bytes,
        _ body: (inout RDBReader) throws(RDBFailure) -> Result
    ) throws(RDBFailure) -> Result {
        var reader = RDBReader(bytes, stringBytesMax: 1 << 20)
        let result = try body(&reader)
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
        return result
    }

    @Test(arguments: [
        0, 63, 64, 16_383, 16_384, UInt64(UInt32.max), UInt64(UInt32.max) + 1, UInt64.max,
    ]) func `a length reads back as written`(_ number: UInt64) throws {
        var writer = RDBWriter(compresses: false)
        writer.length(number)
        let found = try read(writer.buffer.bytes) { reader throws(RDBFailure) in
            try reader.number()
        }
        #expect(found == number)
    }

    @Test(arguments: [true, false]) func `a string reads back as written`(
        _ compresses: Bool
    ) throws {
        let texts =
            ["", "0", "-1", "127", "-129", "32768", "-2147483648", "2147483648", "01", "+1"]
            + [
                String(repeating: "a", count: 20), String(repeating: "a", count: 21),
                String(repeating: "ab", count: 9000),
            ]
        for text in texts {
            var writer = RDBWriter(compresses: compresses)
            Array(text.utf8).withBytes { writer.string($0) }
            let found = try read(writer.buffer.bytes) { reader throws(RDBFailure) in
                try reader.string().string
            }
            #expect(found == text)
            #expect(!compresses || text.utf8.count < 1000 || writer.buffer.count < 500)
        }
    }

    @Test func `truncated bytes are rejected wherever they end`() {
        var writer = RDBWriter(compresses: true)
        Array(String(repeating: "xyz", count: 200).utf8).withBytes { writer.string($0) }
        let whole = writer.buffer.bytes
        for count in 0..<whole.count {
            #expect(throws: RDBFailure.self) {
                var reader = RDBReader(whole[0..<count], stringBytesMax: 1 << 20)
                _ = try reader.string()
            }
        }
    }

    @Test func `an excessive claimed size is rejected`() {
        // LZF: four bytes that claim to expand to a gigabyte.
        let bytes: [UInt8] = [0xC3, 4, 0x80, 0x40, 0, 0, 0, 0, 0, 0, 0]
        _ = bytes.withBytes { bytes in
            #expect(throws: RDBFailure.self) {
                var reader = RDBReader(bytes, stringBytesMax: 1 << 31)
                _ = try reader.string()
            }
        }
    }
}
