public import Primitives

/// The checks that PFSELFTEST runs.
extension HyperLogLogRegisters {
    /// Whether random registers read back, one by one and packed, as they were written.
    public static func packsWell(_ random: inout FastRandom) -> Bool {
        var registers = HyperLogLogRegisters()
        for index in 0..<HyperLogLog.registerCount {
            registers.raise(index, count: 1, to: UInt8(random.below(64)))
        }
        var buffer = ByteBuffer(capacity: HyperLogLog.denseByteCount)
        buffer.cell.zero(0, HyperLogLog.denseByteCount)
        buffer.commit(HyperLogLog.denseByteCount)
        registers.pack(into: buffer.cell)
        let packed = PackedRegisters(buffer.cell)
        for index in 0..<HyperLogLog.registerCount where packed[index] != registers[index] {
            return false
        }
        for index in stride(from: 0, to: HyperLogLog.registerCount, by: 3) {
            let rank = registers[index] | 32
            packed.set(HyperLogLog.Observation(index: index, rank: rank))
            guard packed[index] == rank else { return false }
        }
        return true
    }

    /// Whether the estimate stays within 6 standard errors at each power of ten up to `elements`.
    public static func estimatesWell(elements: Int) -> Bool {
        var registers = HyperLogLogRegisters()
        var checkAt = 10
        for number in 1...elements {
            var text = ByteBuffer()
            text.append(decimal: Int64(number))
            let seen = HyperLogLog.Observation(text.bytes)
            registers.raise(seen.index, count: 1, to: seen.rank)
            guard number == checkAt || number == elements else { continue }
            checkAt *= 10
            let error = abs(Double(registers.cardinality - Int64(number)))
            // One standard error is 1.04 / √registers.
            guard error <= max(6 * 1.04 / 128 * Double(number), 1) else { return false }
        }
        return true
    }
}
