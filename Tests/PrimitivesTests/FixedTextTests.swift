import Foundation
import Primitives
import Testing

@Suite struct FixedTextTests {
    private func text(_ value: Double, _ digits: Int, trims: Bool = false) -> String {
        var buffer = ByteBuffer()
        buffer.append(fixed: value, digits: digits, trims: trims)
        return buffer.bytes.string
    }

    @Test func `numbers print as C prints them`() {
        var random = FastRandom(seed: 5)
        for _ in 0..<20_000 {
            let whole = Double(random.below(1 << 40)) - Double(1 << 39)
            let divisors: [Double] = [1, 3, 1_048_576, 1e9, 1e15]
            var value = whole / divisors[random.below(5)]
            if random.below(8) == 0 {
                value *= Double(sign: .plus, exponent: random.below(900), significand: 1)
            }
            for digits in [1, 4, 6, 17] {
                #expect(text(value, digits) == String(format: "%.\(digits)f", value))
            }
        }
    }

    @Test func `ties round to even, and carry into the integer part`() {
        #expect(text(0.5, 1) == "0.5")
        #expect(text(0.25, 1) == "0.2")
        #expect(text(0.75, 1) == "0.8")
        #expect(text(0.99999, 4) == "1.0000")
        #expect(text(-0.00001, 4) == "-0.0000")
    }

    @Test func `trailing zeros are removed on request`() {
        #expect(text(180, 17, trims: true) == "180")
        #expect(text(-0.5, 17, trims: true) == "-0.5")
        #expect(text(-1e-30, 17, trims: true) == "0")
        #expect(text(.infinity, 4) == "inf")
        #expect(text(-0x1p63, 17, trims: true) == "-9223372036854775808")
    }
}
