import Primitives
import Testing

@testable import Structures

@Suite struct HyperLogLogTests {
    /// A sparse HyperLogLog without elements.
    static func empty() -> [UInt8] {
        var buffer = ByteBuffer(capacity: SparseRegisters.emptyByteCount)
        SparseRegisters.writeEmpty(to: buffer.cell)
        buffer.commit(SparseRegisters.emptyByteCount)
        return buffer.bytes.array
    }

    static func editor(
        _ bytes: [UInt8] = HyperLogLogTests.empty(),
        byteCountMax: Int
    ) -> SparseRegistersEditor {
        var buffer = ByteBuffer()
        for byte in bytes { buffer.append(byte) }
        return SparseRegistersEditor(copying: buffer.bytes, byteCountMax: byteCountMax)
    }

    /// The registers that the runs in `bytes` represent.
    static func registers(_ bytes: Bytes) throws -> [UInt8] {
        var registers = HyperLogLogRegisters()
        try registers.merge(bytes, HyperLogLog.encoding(bytes))
        return (0..<HyperLogLog.registerCount).map { registers[$0] }
    }

    @Test func `an element's register and rank are those of Redis`() {
        // As listed by PFDEBUG DECODE of redis-server after PFADD p a b c.
        let expected: [(StaticString, Int, UInt8)] = [
            ("a", 12711, 2), ("b", 15780, 1), ("c", 8436, 1),
        ]
        for (element, index, rank) in expected {
            let seen = HyperLogLog.Observation(Bytes(element))
            #expect(seen.index == index)
            #expect(seen.rank == rank)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `sparse registers equal a plain model`(seed: Int) throws {
        var random = FastRandom(seed: UInt64(seed))
        var model = [UInt8](repeating: 0, count: HyperLogLog.registerCount)
        var editor = HyperLogLogTests.editor(byteCountMax: 100_000)
        for step in 0..<30_000 {
            // Clusters of neighbors, both ends, and anywhere.
            let index: Int
            switch random.below(4) {
            case 0: index = random.below(64)
            case 1: index = HyperLogLog.registerCount - 1 - random.below(64)
            case 2: index = (step / 100 * 37 + random.below(8)) % HyperLogLog.registerCount
            default: index = random.below(HyperLogLog.registerCount)
            }
            let rank = UInt8(random.below(seed == 1 ? 3 : 33))
            let outcome = editor.raise(HyperLogLog.Observation(index: index, rank: rank))
            #expect(outcome == (model[index] < rank ? .raised : .unchanged))
            model[index] = max(model[index], rank)
            if step % 1_500 == 0 {
                let found = try HyperLogLogTests.registers(editor.bytes)
                #expect(found == model)
            }
        }
        let found = try HyperLogLogTests.registers(editor.bytes)
        #expect(found == model)
    }

    @Test func `raising registers one by one gives the same bytes as starting over`() {
        var random = FastRandom(seed: 9)
        let observations = (0..<HyperLogLog.registerCount).compactMap { index in
            random.below(6) == 0
                ? HyperLogLog.Observation(index: index, rank: UInt8(1 + random.below(3))) : nil
        }
        var whole = HyperLogLogTests.editor(byteCountMax: 100_000)
        var bytes = HyperLogLogTests.empty()
        for observation in observations {
            _ = whole.raise(observation)
            var single = HyperLogLogTests.editor(bytes, byteCountMax: 100_000)
            _ = single.raise(observation)
            bytes = single.bytes.array
        }
        let found = whole.bytes.array
        #expect(found == bytes)
    }

    @Test func `the sparse form ends at its limit, and at rank 33`() {
        var editor = HyperLogLogTests.editor(byteCountMax: 21)
        let first = editor.raise(HyperLogLog.Observation(index: 100, rank: 1))
        let second = editor.raise(HyperLogLog.Observation(index: 200, rank: 1))
        let high = editor.raise(HyperLogLog.Observation(index: 100, rank: 33))
        let same = editor.raise(HyperLogLog.Observation(index: 100, rank: 32))
        #expect(first == .raised)
        #expect(second == .tooLarge)
        #expect(high == .tooLarge)
        #expect(same == .raised)
    }

    @Test func `packed registers read back, and are counted as spread ones are`() throws {
        var random = FastRandom(seed: 4)
        let packs = HyperLogLogRegisters.packsWell(&random)
        let estimates = HyperLogLogRegisters.estimatesWell(elements: 20_000)
        #expect(packs)
        #expect(estimates)
        var spread = HyperLogLogRegisters()
        for number in 0..<5_000 {
            var text = ByteBuffer()
            text.append(decimal: Int64(number))
            let seen = HyperLogLog.Observation(text.bytes)
            spread.raise(seen.index, count: 1, to: seen.rank)
        }
        var dense = ByteBuffer(capacity: HyperLogLog.denseByteCount)
        dense.commit(HyperLogLog.denseByteCount)
        HyperLogLog.writeHeader(.dense, to: dense.cell)
        spread.pack(into: dense.cell)
        let packed = try HyperLogLog.cardinality(dense.bytes, .dense)
        let whole = spread.cardinality
        #expect(packed == whole)
    }

    @Test func `bytes of any kind are read without harm`() {
        var random = FastRandom(seed: 77)
        for _ in 0..<20_000 {
            var bytes = Array(HyperLogLogTests.empty()[0..<16])
            for _ in 0..<random.below(24) { bytes.append(UInt8(random.below(256))) }
            bytes.withBytes { bytes in
                _ = try? HyperLogLog.cardinality(bytes, .sparse)
                var registers = HyperLogLogRegisters()
                try? registers.merge(bytes, .sparse)
                var text = ByteBuffer()
                SparseRegisters(bytes).describe(to: &text)
                var editor = SparseRegistersEditor(copying: bytes, byteCountMax: 64)
                for _ in 0..<8 {
                    let index = random.below(HyperLogLog.registerCount)
                    let rank = UInt8(random.below(52))
                    _ = editor.raise(HyperLogLog.Observation(index: index, rank: rank))
                }
                let count = editor.bytes.count
                #expect(count <= 80)
            }
        }
    }

    @Test func `registers that imply infinity yield a result`() throws {
        var dense = ByteBuffer(capacity: HyperLogLog.denseByteCount)
        dense.commit(HyperLogLog.denseByteCount)
        for index in 0..<HyperLogLog.denseByteCount { dense.cell.store(UInt8(0xFF), index) }
        let cardinality = try HyperLogLog.cardinality(dense.bytes, .dense)
        #expect(cardinality == .min)
    }
}
