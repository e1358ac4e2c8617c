import Remote
import Testing

@testable import apus_hstore

@Suite struct HstoreValueTests {
    private let value = HstoreValue([
        HstoreValue.Pair(name: "a".bytes, value: "1".bytes),
        HstoreValue.Pair(name: [], value: []),
        HstoreValue.Pair(name: [255], value: nil),
    ])

    @Test func `the binary format is that of PostgreSQL`() {
        let bytes: [UInt8] = [
            0, 0, 0, 3, 0, 0, 0, 1, 97, 0, 0, 0, 1, 49, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 255,
            255,
            255, 255, 255,
        ]
        #expect(value.binary == bytes)
        #expect(HstoreValue(binary: bytes) == value)
        #expect(HstoreValue(binary: [0, 0, 0, 0]) == HstoreValue())
    }

    @Test func `what is cut off or has lengths that cannot be is refused`() {
        let bytes = value.binary
        for count in 0..<bytes.count { #expect(HstoreValue(binary: Array(bytes[..<count])) == nil) }
        #expect(HstoreValue(binary: bytes + [0]) == nil)
        #expect(HstoreValue(binary: [255, 255, 255, 255]) == nil)
        #expect(HstoreValue(binary: [0, 0, 0, 1, 255, 255, 255, 255]) == nil)
        #expect(HstoreValue(binary: [0, 0, 0, 1, 0, 0, 0, 0, 255, 255, 255, 254]) == nil)
    }

    @Test func `zero bytes are found in names and values`() {
        #expect(!value.hasZero)
        #expect(HstoreValue([HstoreValue.Pair(name: [0], value: nil)]).hasZero)
        #expect(HstoreValue([HstoreValue.Pair(name: [1], value: [2, 0])]).hasZero)
    }

    @Test func `rows for COPY have a head and an end`() {
        var data = CopyData()
        data.append("k".bytes, HstoreValue())
        let head = "PGCOPY\n".bytes + [255, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let row: [UInt8] = [0, 2, 0, 0, 0, 1, 107, 0, 0, 0, 4, 0, 0, 0, 0]
        #expect(data.bytes == head + row + [255, 255])
    }
}
