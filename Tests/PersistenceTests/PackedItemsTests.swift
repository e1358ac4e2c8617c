import Primitives
import Structures
import Testing

@testable import Persistence

@Suite struct PackedItemsTests {
    private static let texts =
        ["", "a", "0", "127", "128", "-1", "4095", "-4096", "4096", "-32768", "32768"]
        + ["-8388609", "2147483647", "2147483648", "-9223372036854775808", "01"]
        + [63, 64, 126, 127, 4095, 4096, 17_000].map { String(repeating: "x", count: $0) }

    private func list(_ bytes: Bytes, _ form: PackedItems.Form) throws -> [String] {
        var items = try PackedItems(bytes, form)
        var found: [String] = []
        while let item = try items.next() { found.append(item.withText { $0.string }) }
        return found
    }

    @Test func `a listpack reads back as written`() throws {
        var writer = ListpackWriter()
        writer.begin()
        for text in PackedItemsTests.texts { Array(text.utf8).withBytes { writer.append($0) } }
        #expect(try list(writer.finish(), .listpack) == PackedItemsTests.texts)
    }

    @Test func `a damaged listpack is never read beyond its end`() {
        var writer = ListpackWriter()
        writer.begin()
        for text in PackedItemsTests.texts.prefix(20) {
            Array(text.utf8).withBytes { writer.append($0) }
        }
        let whole = writer.finish().array
        for place in whole.indices {
            for value in [0, 0x7F, 0x80, 0xC0, 0xE0, 0xF0, 0xF4, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[place] = value
                _ = bytes.withBytes { try? list($0, .listpack) }
                _ = bytes.withBytes { try? list($0, .ziplist) }
                _ = bytes.withBytes { try? list($0, .zipmap) }
            }
            #expect(throws: (any Error).self) {
                try Array(whole[..<place]).withBytes { try list($0, .listpack) }
            }
        }
    }

    @Test func `numbers of all widths are read from a ziplist`() throws {
        let entries: [UInt8] = [
            0x00, 0xFE, 0x80,  // -128
            0x03, 0xC0, 0x00, 0x80,  // -32768
            0x04, 0xF0, 0xFF, 0xFF, 0x7F,  // 8388607
            0x05, 0xD0, 0, 0, 0, 0x80,  // -2147483648
            0x06, 0xE0, 1, 0, 0, 0, 0, 0, 0, 0x80,  // -9223372036854775807
            0x0A, 0xF1, 0x02, 0xFD,  // 0, 12
            0x02, 0x03, 0x61, 0x62, 0x63,  // abc
        ]
        let head: [UInt8] = [UInt8(11 + entries.count), 0, 0, 0, 10, 0, 0, 0, 8, 0]
        let found = try (head + entries + [0xFF]).withBytes { try list($0, .ziplist) }
        let wanted = ["-128", "-32768", "8388607", "-2147483648", "-9223372036854775807"]
        #expect(found == wanted + ["0", "12", "abc"])
    }
}
