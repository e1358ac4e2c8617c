import Remote
import Testing

@Suite struct DecimalsTests {
    @Test func `halves are rounded by the exact value, as printf does`() {
        #expect(Decimals.fixed(0.125, 2) == "0.12" && Decimals.fixed(0.375, 2) == "0.38")
        #expect(Decimals.fixed(1.005, 2) == "1.00" && Decimals.fixed(2.675, 2) == "2.67")
        #expect(Decimals.fixed(1.115, 2) == "1.11" && Decimals.fixed(0.285, 2) == "0.28")
        #expect(Decimals.fixed(4.56, 2) == "4.56" && Decimals.fixed(100, 2) == "100.00")
        #expect(Decimals.fixed(2.5, 0) == "2" && Decimals.fixed(3.5, 0) == "4")
    }

    @Test func `signs, NaN and infinity are printed`() {
        #expect(Decimals.fixed(-1.5, 1) == "-1.5" && Decimals.fixed(.nan, 2) == "nan")
        #expect(Decimals.fixed(.infinity, 2) == "inf" && Decimals.padded("ab", 4) == "  ab")
    }
}
