import Testing

@testable import Server

@Suite struct InfoValueTests {
    @Test func `numbers are written as Redis writes them`() {
        #expect(InfoValue.integer(-1).text == "-1" && InfoValue.count(.max).text == "\(UInt64.max)")
        #expect(InfoValue.fixed(1.005).text == "1.00" && InfoValue.fixed(-2.5).text == "-2.50")
        #expect(InfoValue.fine(9.0234).text == "9.023" && InfoValue.fine(0.0004).text == "0.000")
        #expect(InfoValue.percent(99.584).text == "99.58%")
        #expect(InfoValue.seconds(6407).text == "0.006407")
        #expect(InfoValue.seconds(12_000_001).text == "12.000001")
        #expect(InfoValue.flag(true).text == "1" && InfoValue.number(3).text == "3")
    }

    @Test func `sizes are printed in the largest unit that they fill`() {
        #expect(InfoValue.size(0).text == "0B" && InfoValue.size(1023).text == "1023B")
        #expect(InfoValue.size(1024).text == "1.00K" && InfoValue.size(1536 << 10).text == "1.50M")
        #expect(InfoValue.size(5 << 30).text == "5.00G" && InfoValue.size(5 << 40).text == "5.00T")
        #expect(InfoValue.size(.max).text == "8192.00P")
    }

    @Test func `parts are listed under their names`() {
        let parts = InfoValue.parts([InfoPart("keys", .number(1)), InfoPart("avg", .fixed(2))])
        #expect(parts.text == "keys=1,avg=2.00" && InfoValue.parts([]).text.isEmpty)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e300])
    func `no number traps`(value: Double) {
        let all = [InfoValue.fixed(value), .fine(value), .percent(value)]
        #expect(all.allSatisfy { !$0.text.isEmpty })
        #expect(InfoValue.seconds(.min).text == "0.000000")
    }
}
