import Primitives
import Structures
import Testing

@testable import Store

@Suite struct StringValueTests {
    private let shard = Shard()
    static let sizes = [0, 1, 43, 44, 45, 127, 128, 8190, 8191, 8192, 8193, 65_536, 1 << 20]
    static let numbers: [Int64] = [0, 1, -1, 9, 10, 99_999, .max, .min, .max - 1]

    private func key(_ name: StaticString) -> Key { Key(Bytes(name), shard.hash(Bytes(name))) }

    /// Bytes that vary by position, cheap to generate in a debug build.
    private func bytes(_ count: Int, _ seed: Int = 0) -> [UInt8] {
        var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: seed &+ 1), count: count)
        for index in stride(from: 0, to: count, by: 97) {
            bytes[index] = UInt8(truncatingIfNeeded: index >> 3 &+ seed)
        }
        return bytes
    }

    private func set(_ name: StaticString, _ value: [UInt8], expiry: Int64? = nil) {
        let key = key(name)
        value.withBytes {
            _ = StringValue.set(
                key,
                StringContent(encoding: $0),
                expiry: expiry,
                at: shard.find(key, now: 0),
                in: shard
            )
        }
    }

    private func value(_ name: StaticString) -> [UInt8]? {
        shard.find(key(name), now: 0).map { slot in StringValue.withBytes(slot.entry) { $0.array } }
    }

    @Test(arguments: sizes, [nil, 1 << 45] as [Int64?])
    func `values of every size are stored, replaced by every other, and removed`(
        size: Int,
        expiry: Int64?
    ) {
        defer { shard.destroy() }
        for other in StringValueTests.sizes.filter({ $0 <= 65_536 }) + [-1] {
            let otherValue = other < 0 ? Array("-12345".utf8) : bytes(other, 3)
            set("k", bytes(size), expiry: expiry)
            #expect(value("k") == bytes(size))
            #expect(shard.find(key("k"), now: 0)?.entry.expiry == expiry)
            set("k", otherValue)
            #expect(value("k") == otherValue)
            #expect(shard.volatileCount == 0)
            #expect(shard.isValid)
        }
        if let slot = shard.find(key("k"), now: 0) { shard.remove(slot) }
        #expect(shard.count == 0 && shard.externalBytes == 0)
        #expect(shard.isValid)
    }

    @Test(arguments: sizes)
    func `encodings are named by size and history`(size: Int) throws {
        defer { shard.destroy() }
        set("k", [UInt8](repeating: 0x78, count: size))
        let slot = try #require(shard.find(key("k"), now: 0))
        #expect(Shard.encodingName(slot.entry).description == (size <= 44 ? "embstr" : "raw"))
        let edited = StringValue.edit(slot, count: size, in: shard).slot
        #expect(Shard.encodingName(edited.entry).description == "raw")
        #expect(value("k") == [UInt8](repeating: 0x78, count: size))
    }

    @Test(arguments: numbers)
    func `numbers are stored as such until they are edited`(number: Int64) throws {
        defer { shard.destroy() }
        let text = Array(String(number).utf8)
        set("k", text, expiry: 1 << 45)
        let slot = try #require(shard.find(key("k"), now: 0))
        #expect(slot.entry.stringEncoding == .integer && slot.entry.integer == number)
        #expect(Shard.encodingName(slot.entry).description == "int")
        #expect(StringValue.count(slot.entry) == text.count && value("k") == text)
        let (_, storage) = StringValue.edit(slot, count: text.count + 1, in: shard)
        storage[text.count] = UInt8(0x30)
        #expect(value("k") == text + [0x30])
        #expect(shard.find(key("k"), now: 0)?.entry.expiry == 1 << 45)
        #expect(shard.isValid)
    }

    @Test(arguments: sizes)
    func `inserted zeros count as edited`(size: Int) {
        defer { shard.destroy() }
        let (slot, storage) = StringValue.insertZeros(key("k"), count: size, in: shard)
        #expect(Shard.encodingName(slot.entry).description == "raw")
        #expect(value("k") == [UInt8](repeating: 0, count: size))
        if size > 0 {
            storage[size - 1] = 7
            #expect(value("k")?.last == 7)
        }
        #expect(shard.isValid)
    }

    @Test func `a value that is still being read is not edited in place`() throws {
        defer { shard.destroy() }
        set("k", bytes(10_000))
        let slot = try #require(shard.find(key("k"), now: 0))
        guard case .block(let block) = StringValue.content(slot.entry) else {
            Issue.record("a large value has a block")
            return
        }
        block.retain()
        let (_, storage) = StringValue.edit(slot, count: 10_001, in: shard)
        storage[0] = 1
        #expect(block.bytes.array == bytes(10_000))
        #expect(!block.isShared && value("k")?.count == 10_001)
        block.release()
        #expect(shard.isValid)
    }

    @Test(arguments: [1, 2, 3])
    func `random edits keep the string equal to the model`(seed: UInt64) throws {
        defer { shard.destroy() }
        var random = FastRandom(seed: seed)
        var model: [UInt8] = []
        set("k", [])
        for step in 0..<4000 {
            if random.below(40) == 0 {
                model = bytes(StringValueTests.sizes[random.below(11)], step)
                set("k", model)
            } else if random.below(40) == 0 {
                model = Array(String(random.below(100_000)).utf8)
                set("k", model)
            }
            let slot = try #require(shard.find(key("k"), now: 0))
            let offset = random.below(3) == 0 ? random.below(model.count + 200) : model.count
            let part = bytes(random.below(10) == 0 ? random.below(9000) : random.below(60), step)
            let count = max(model.count, offset + part.count)
            let (_, storage) = StringValue.edit(slot, count: count, in: shard)
            part.withBytes { storage.put($0, offset) }
            model += [UInt8](repeating: 0, count: count - model.count)
            model.replaceSubrange(offset..<offset + part.count, with: part)
            if step % 20 == 0 { #expect(value("k") == model) }
            if step % 500 == 0 { #expect(shard.isValid) }
            if model.count > 60_000 {
                model = []
                set("k", [])
            }
        }
    }
}
