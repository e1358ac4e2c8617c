import Testing

@testable import Server

@Suite struct BucketReportTests {
    private func report(_ buckets: [Int]) -> String {
        var report = BucketReport()
        for held in buckets { report.add(held) }
        return report.text
    }

    @Test func `a table is reported in Redis' format`() {
        #expect(
            report([0, 2, 1, 0, 2, 5, 0, 1]) == """
                Hash table 0 stats (main hash table):
                 table size: 8
                 number of elements: 11
                 different slots: 5
                 max chain length: 5
                 avg chain length (counted): 2.20
                 avg chain length (computed): 2.20
                 Chain length distribution:
                   0: 3 (37.50%)
                   1: 2 (25.00%)
                   2: 2 (25.00%)
                   5: 1 (12.50%)

                """
        )
    }

    @Test(arguments: [[], [0], [0, 0, 0]])
    func `an empty table has a line of its own`(buckets: [Int]) {
        #expect(
            report(buckets) == """
                Hash table 0 stats (main hash table):
                No stats available for empty dictionaries

                """
        )
    }
}
