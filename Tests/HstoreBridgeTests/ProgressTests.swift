import Testing

@testable import apus_hstore

@Suite struct ProgressTests {
    @Test func `the line shows a bar if the number of rows is known`() {
        let bar = Progress(total: 200).line(50, seconds: 2)
        #expect(bar == "[#######.......................] 25 %, 50 of 200 rows, 25 a second")
        // More may have come meanwhile.
        #expect(
            Progress(total: 2).line(3, seconds: 1).hasPrefix(
                "[##############################] 100 %"
            )
        )
        #expect(Progress(total: nil).line(50, seconds: 0) == "50 rows, 0 a second")
        #expect(Progress(total: 0).line(0, seconds: 1) == "0 rows, 0 a second")
    }

    @Test func `the summary tells of rows without attributes`() {
        var progress = Progress(total: nil)
        progress.add(3)
        #expect(progress.summary("loaded").hasPrefix("3 rows loaded, "))
        progress.emptyRows = 1
        #expect(
            progress.summary("loaded").hasPrefix("3 rows loaded, 1 of them without attributes, ")
        )
    }
}
