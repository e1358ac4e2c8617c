import Primitives
import Testing

@Suite struct SaturationTests {
    @Test func `sums and differences saturate`() {
        #expect(Int64.max.addingSaturated(1) == .max && Int64.min.addingSaturated(-1) == .min)
        #expect(Int64.min.subtractingSaturated(1) == .min)
        #expect(Int64.max.subtractingSaturated(-1) == .max)
        #expect((0 as Int64).subtractingSaturated(.min) == .max)
        #expect((3 as UInt64).subtractingSaturated(5) == 0)
        #expect(UInt64.max.addingSaturated(5) == .max && (3 as UInt64).addingSaturated(5) == 8)
    }

    @Test func `products saturate`() {
        #expect(Int64.max.multipliedSaturated(by: 2) == .max)
        #expect(Int64.max.multipliedSaturated(by: -2) == .min)
        #expect(Int64.min.multipliedSaturated(by: -1) == .max)
        #expect((-3 as Int64).multipliedSaturated(by: 5) == -15)
    }

    @Test func `every small sum, difference and product equals that of wider integers`() {
        func clamp(_ value: Int) -> Int8 { Int8(clamping: value) }
        var wrong = 0
        for first in Int8.min...Int8.max {
            for second in Int8.min...Int8.max {
                let (a, b) = (Int(first), Int(second))
                if first.addingSaturated(second) != clamp(a + b) { wrong += 1 }
                if first.subtractingSaturated(second) != clamp(a - b) { wrong += 1 }
                if first.multipliedSaturated(by: second) != clamp(a * b) { wrong += 1 }
            }
        }
        #expect(wrong == 0)
    }

    @Test func `floating-point numbers are truncated without trapping`() {
        #expect(Int64(saturating: 3.9) == 3 && Int64(saturating: -3.9) == -3)
        #expect(Int64(saturating: 1e300) == .max && Int64(saturating: -1e300) == .min)
        #expect(UInt64(saturating: -1) == 0 && UInt64(saturating: 0x1p64) == .max)
        #expect(Int64(saturating: .infinity) == .max && Int64(saturating: .nan) == 0)
        #expect(Int64(saturating: 0x1p63) == .max && Int64(saturating: -0x1p63) == .min)
    }
}
