import Primitives
import Testing

@testable import Structures

@Suite struct BitsTests {
    @Test func `a field at the last offset does not overflow`() {
        #expect(Bits.places(bytesMax: 0).isEmpty)
        #expect(Bits.places(bytesMax: 512 << 20) == 0..<(1 << 32))
        for bytesMax in [Int.max >> 3, (Int.max >> 3) + 1, Int.max] {
            let places = Bits.places(bytesMax: bytesMax)
            #expect(!places.upperBound.addingReportingOverflow(64 + 7).overflow)
        }
    }

    private func random(_ count: Int, _ source: inout FastRandom) -> [UInt8] {
        let kind = source.below(4)
        return (0..<count).map { _ in
            switch kind {
            case 0: UInt8(truncatingIfNeeded: source.next())
            case 1: 0
            case 2: 255
            default: source.below(40) == 0 ? 0x10 : 0
            }
        }
    }

    private func bit(_ index: Int, _ bytes: [UInt8]) -> Bool {
        bytes[index / 8] >> UInt8(7 - index % 8) & 1 == 1
    }

    @Test func `counts equal those of single bytes, for every length and start`() {
        var source = FastRandom(seed: 1)
        for count in Array(0..<130) + [991, 992, 993, 1023, 1024, 1025, 4096, 10_000] {
            let bytes = random(count, &source)
            let expected = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
            let found = bytes.withBytes { Bits.count($0) }
            #expect(found == expected)
            let shifted = ([255] + bytes).withBytes { Bits.count($0.dropFirst(1)) }
            #expect(shifted == expected)
        }
        let ones = [UInt8](repeating: 255, count: 100_000).withBytes { Bits.count($0) }
        #expect(ones == 800_000)
    }

    @Test(arguments: 1...6)
    func `ranges of bits agree with one bit at a time`(seed: UInt64) {
        var source = FastRandom(seed: seed)
        for _ in 0..<1500 {
            let bytes = random(1 + source.below(120), &source)
            let lower = source.below(bytes.count * 8)
            let range = lower..<lower + 1 + source.below(bytes.count * 8 - lower)
            let ones = range.count { bit($0, bytes) }
            let firstOne = range.first { bit($0, bytes) }
            let firstZero = range.first { !bit($0, bytes) }
            bytes.withBytes { bytes in
                #expect(Bits.count(bytes, in: range) == ones)
                #expect(Bits.first(true, in: bytes, range) == firstOne)
                #expect(Bits.first(false, in: bytes, range) == firstZero)
            }
        }
    }

    @Test func `single bits are set and read, and are zero past the end`() {
        var source = FastRandom(seed: 9)
        var block = ByteBuffer(capacity: 50)
        block.commit(50)
        block.cell.zero(0, 50)
        var model = [Bool](repeating: false, count: 400)
        for _ in 0..<3000 {
            let index = source.below(400)
            let value = source.below(2) == 1
            Bits.set(index, of: EditableBytes(block.cell, count: block.capacity), to: value)
            model[index] = value
            let probe = source.below(400)
            let found = Bits.bit(probe, of: block.bytes)
            #expect(found == model[probe])
        }
        let behind = Bits.bit(400, of: block.bytes)
        #expect(!behind)
    }
}

@Suite struct BitOperationTests {
    private static let all: [BitOperation] = [
        .and, .or, .xor, .not, .difference, .reverseDifference, .andAny, .exactlyOne,
    ]

    /// The result of the operation for one byte of each source.
    private func expected(_ operation: BitOperation, _ bytes: [UInt8]) -> UInt8 {
        let others = bytes.dropFirst().reduce(0, |)
        switch operation {
        case .and: return bytes.reduce(255, &)
        case .or: return bytes.reduce(0, |)
        case .xor: return bytes.reduce(0, ^)
        case .not: return ~bytes[0]
        case .difference: return bytes[0] & ~others
        case .reverseDifference: return others & ~bytes[0]
        case .andAny: return bytes[0] & others
        case .exactlyOne:
            return (0..<8).reduce(UInt8(0)) { result, bit in
                let ones = bytes.count { $0 >> UInt8(bit) & 1 == 1 }
                return result | (ones == 1 ? 1 << UInt8(bit) : 0)
            }
        }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 31, 64, 100, 8191, 8192, 8193, 20_000])
    func `results agree with those computed byte by byte`(longest: Int) {
        var source = FastRandom(seed: UInt64(longest + 1))
        for operation in BitOperationTests.all {
            let count = if case .not = operation { 1 } else { 2 + source.below(3) }
            let lengths = (0..<count).map { $0 == 1 ? longest : source.below(longest + 1) }
            let whole = count == 1 ? longest : lengths.max() ?? 0
            let inputs = (0..<count).map { index in
                (0..<(count == 1 ? longest : lengths[index])).map { _ in
                    UInt8(truncatingIfNeeded: source.next() & source.next())
                }
            }
            let result = combine(operation, inputs, whole)
            let model = (0..<whole).map { place in
                expected(operation, inputs.map { place < $0.count ? $0[place] : 0 })
            }
            #expect(result == model)
        }
    }

    private func combine(
        _ operation: BitOperation,
        _ inputs: [[UInt8]],
        _ count: Int
    ) -> [UInt8] {
        var all = ByteBuffer(capacity: 1)
        for input in inputs { input.withBytes { all.append($0) } }
        var sources: [Bytes] = []
        var start = 0
        for input in inputs {
            sources.append(all.bytes[start..<start + input.count])
            start += input.count
        }
        var result = ByteBuffer(capacity: count)
        result.commit(count)
        operation.combine(sources, into: result.cell, count: count)
        return result.bytes.array
    }
}
