import Primitives
import Testing

@testable import Structures

@Suite struct EntryTests {
    @Test func `layouts have the sizes that their drawings say`() {
        #expect(Entry.byteCount(key: 20, hasWord: false, payload: Entry.inlinePayload(32)) == 55)
        #expect(Entry.byteCount(key: 20, hasWord: true, payload: Entry.inlinePayload(32)) == 63)
        #expect(Entry.byteCount(key: 255, hasWord: false, payload: 0) == 2 + 4 + 255)
        #expect(Entry.inlinePayload(127) == 128 && Entry.inlinePayload(128) == 130)
        #expect(EntryTable.bucketBytes == 64 && EntryTable.slotCount == 12)
        #expect(16 + EntryTable.slotCount * 4 == EntryTable.bucketBytes)
        #expect(EntryTable.segmentRecordBytes == 16)
        // In debug builds each address includes the end of its block.
        let addresses = MemoryLayout<Entry>.size / MemoryLayout<Cell>.size
        #expect(MemoryLayout<Handle>.size == 4 && addresses == 1)
        #expect(MemoryLayout<EntryTable>.size == 24)
    }

    @Test(
        arguments: [0, 1, 20, 127, 128, 253, 254, 255, 256, 70_000],
        [nil, 0, 1, .max] as [Int64?]
    )
    func `what is written can be read`(keyCount: Int, expiry: Int64?) {
        var arena = Arena()
        // Keys that begin with byte 1, and one-byte values, look like other fields.
        let key = (0..<keyCount).map { UInt8(truncatingIfNeeded: $0 + 1) }
        for count in [0, 1, 44, 45, 127, 128, 8191] {
            let value = [UInt8](repeating: 1, count: count)
            let payload = Entry.inlinePayload(count)
            let size = Entry.byteCount(key: keyCount, hasWord: expiry != nil, payload: payload)
            let handle = arena.allocate(size)
            let entry = Entry(arena.cell(handle))
            let offset = key.withBytes {
                entry.write(
                    kind: .string,
                    encoding: 0,
                    word: expiry.map { UInt64(bitPattern: $0) },
                    key: $0
                )
            }
            value.withBytes { entry.writeInline($0, at: offset) }
            #expect(entry.kind == .string && entry.isKind(.string) && entry.encoding == 0)
            #expect(entry.expiry == expiry && entry.hasWord == (expiry != nil))
            #expect(entry.key.array == key && entry.inlineValue.array == value)
            #expect(entry.byteCount == size && entry.valueOffset == offset)
            #expect(!entry.isDue(-1))
            #expect(entry.isDue(.max) == (expiry != nil))
            entry.encoding = StringEncoding.edited.rawValue
            #expect(entry.stringEncoding == .edited && entry.expiry == expiry)
            arena.free(handle)
        }
        let isValid = arena.isValid
        #expect(isValid)
    }

    @Test func `numbers and handles are stored after the key`() {
        var arena = Arena()
        let entry = Entry(arena.cell(arena.allocate(64)))
        entry.write(
            kind: .string,
            encoding: StringEncoding.integer.rawValue,
            word: 7,
            key: Bytes("key")
        )
        for number in [0, 1, -1, .max, .min] as [Int64] {
            entry.integer = number
            #expect(entry.integer == number && entry.expiry == 7)
        }
        entry.cell.store(Int64(9), 2)
        #expect(entry.expiry == 9 && entry.integer == .min)
        entry.write(kind: .hash, encoding: 1, word: nil, key: Bytes("key"))
        entry.collection = Handle(units: .max)
        #expect(entry.collection.units == .max && entry.byteCount == 2 + 3 + 4)
        entry.write(kind: .member, encoding: 0, word: 0, key: Bytes("m"))
        entry.score = -1.5
        #expect(entry.score == -1.5 && entry.byteCount == 11)
    }
}
