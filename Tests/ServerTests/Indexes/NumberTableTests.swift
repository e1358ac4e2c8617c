import Primitives
import Testing

@testable import Server

@Suite struct NumberTableTests {
    /// Keys whose searches all begin at the same cells collide most.
    @Test(arguments: [1, 1 << 44, 0x9E37_79B9_7F4A_7C15] as [UInt64])
    func `random changes agree with a dictionary`(step: UInt64) {
        var random = FastRandom(seed: step)
        var table = NumberTable(segmentBits: 4)
        var model: [UInt64: NumberTable.Value] = [:]
        for round in 0..<40_000 {
            let key = UInt64(random.below(round < 20_000 ? 3000 : 200)) &* step
            if random.below(round < 20_000 ? 3 : 2) == 0 {
                table[key] = nil
                model[key] = nil
            } else {
                let value = NumberTable.Value(
                    number: UInt32(random.below(1 << 20)),
                    flag: random.below(2) == 0
                )
                table[key] = value
                model[key] = value
            }
            #expect(table[key] == model[key])
            #expect(table.count == model.count)
        }
        for key in 0..<3000 as Range<UInt64> { #expect(table[key &* step] == model[key &* step]) }
    }
}
