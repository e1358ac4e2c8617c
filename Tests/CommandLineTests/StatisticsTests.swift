import Testing

@testable import apus_cli

@Suite struct StatisticsTests {
    @Test func `INFO's fields are found, and the keys of all databases are summed`() {
        let info = InfoFields(
            "# Server\r\nused_memory:42\r\ndb0:keys=3,expires=0\r\ndb12:keys=4,x=1\r\n"
        )
        #expect(info.number("used_memory") == 42 && info.number("nothing") == 0)
        #expect(info.keyCount == 7)
    }

    @Test func `sizes are printed in a suitable unit`() {
        #expect(Statistics.humanSize(1023) == "1023B" && Statistics.humanSize(1536) == "1.50K")
        #expect(
            Statistics.humanSize(5 << 20) == "5.00M" && Statistics.humanSize(3 << 30) == "3.00G"
        )
    }
}
