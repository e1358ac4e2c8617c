import Primitives
import Testing

@testable import Structures

@Suite struct BitFieldTests {
    private func named(_ name: String) -> BitField? {
        Array(name.utf8).withBytes { BitField($0) }
    }

    @Test func `types are i1 to i64 and u1 to u63`() {
        for width in 1...64 { #expect(named("i\(width)")?.width == width) }
        for width in 1...63 { #expect(named("u\(width)")?.width == width) }
        let others = [
            "", "i", "u", "u0", "i0", "u64", "i65", "i-1", "i08", "x8", "I8", "i 8", "i8x",
        ]
        for name in others {
            #expect(named(name) == nil)
        }
    }

    @Test(arguments: 1...4)
    func `fields of every width and offset agree with one bit at a time`(seed: UInt64) throws {
        var random = FastRandom(seed: seed)
        var block = ByteBuffer(capacity: 40)
        block.commit(40)
        block.cell.zero(0, 40)
        var model = [Bool](repeating: false, count: 320)
        for _ in 0..<6000 {
            let isSigned = random.below(2) == 0
            let width = 1 + random.below(isSigned ? 64 : 63)
            let field = try #require(named("\(isSigned ? "i" : "u")\(width)"))
            let offset = random.below(320 - width + 1)
            let value = Int64(bitPattern: random.next())
            field.set(value, of: EditableBytes(block.cell, count: block.capacity), at: offset)
            for bit in 0..<width {
                model[offset + bit] = value >> Int64(width - 1 - bit) & 1 == 1
            }
            let probe = random.below(330)
            let found = field.value(of: block.bytes, at: probe)
            var expected: Int64 = isSigned && probe < 320 && model[probe] ? -1 : 0
            for bit in probe..<probe + width {
                expected = expected << 1 | (bit < 320 && model[bit] ? 1 : 0)
            }
            #expect(found == expected)
        }
    }

    @Test(arguments: [1, 2, 5, 8, 31, 32, 62, 63, 64], [true, false])
    func `sums wrap, saturate or fail`(width: Int, isSigned: Bool) throws {
        guard let field = named("\(isSigned ? "i" : "u")\(width)") else { return }
        let most = isSigned ? Int64.max >> Int64(64 - width) : Int64.max >> Int64(63 - width)
        let least = isSigned ? -most - 1 : 0
        #expect(field.sum(most, 1, .fail) == nil)
        #expect(field.sum(most, 1, .saturate) == most)
        #expect(field.sum(most, 1, .wrap) == least)
        #expect(field.sum(least, -1, .fail) == nil)
        #expect(field.sum(least, -1, .saturate) == least)
        #expect(field.sum(least, -1, .wrap) == most)
        #expect(field.sum(least, .min, .saturate) == least)
        #expect(field.sum(most, .max, .saturate) == most)
        #expect(field.sum(most, 0, .fail) == most)
        #expect(field.fitting(most, .fail) == most)
        #expect(field.fitting(least, .fail) == least)
        if width < 63 {
            #expect(field.fitting(most + 1, .saturate) == most)
            #expect(field.fitting(most + 1, .wrap) == least)
            #expect(field.fitting(least - 1, .saturate) == (isSigned ? least : most))
            #expect(field.fitting(least - 1, .wrap) == most)
            #expect(field.fitting(least - 1, .fail) == nil)
        }
    }
}
