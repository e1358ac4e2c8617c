import Testing

@testable import Server

@Suite struct RateTests {
    @Test func `a steady count yields its rate`() {
        var rate = Rate()
        #expect(rate.perSecond == 0)
        for tick in 1...20 { rate.note(UInt64(tick) * 100, now: Int64(tick) * 100) }
        #expect(rate.perSecond == 1000)
    }

    @Test func `only the last samples count`() {
        var rate = Rate()
        for tick in 1...20 { rate.note(UInt64(tick) * 100, now: Int64(tick) * 100) }
        for tick in 21...36 { rate.note(2000, now: Int64(tick) * 100) }
        #expect(rate.perSecond == 0)
    }

    @Test func `a reset count or a stopped clock adds nothing`() {
        var rate = Rate()
        rate.note(500, now: 100)
        rate.note(0, now: 200)
        rate.note(100, now: 200)
        #expect(rate.perSecond == 0)
        rate.note(100, now: 300)
        #expect(rate.perSecond == 1000)
    }
}
