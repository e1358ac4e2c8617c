import Remote
import Testing

@testable import apus_benchmark

@Suite struct ReportTests {
    @Test(arguments: [
        (0.0, 2, "0.00"), (1.005, 0, "1"), (2.345678, 3, "2.346"), (-0.001, 2, "0.00"),
        (-1.5, 1, "-1.5"), (123456.789, 2, "123456.79"), (0.07, 2, "0.07"),
        (Double.infinity, 2, "inf"), (Double.nan, 2, "nan"),
    ]) func `numbers print as printf prints them`(_ value: Double, _ places: Int, _ text: String) {
        #expect(Decimals.fixed(value, places) == text)
    }

    @Test func `percentiles lie within a thousandth of the truth`() {
        var measured = Measurement()
        for microseconds in 1...10_000 { measured.record(Int64(microseconds) * 1000, count: 1) }
        measured.start = 0
        measured.end = 2_000_000_000
        for (percent, truth) in [(50.0, 5_000_000.0), (90, 9_000_000), (99.9, 9_990_000)] {
            let value = Double(measured.percentile(percent))
            #expect(abs(value - truth) / truth < 0.0011)
        }
        #expect(measured.averageNanoseconds == 5_000_500)
        #expect(measured.requestsPerSecond == 5000)
    }

    @Test func `threads merge into one measurement`() {
        var first = Measurement()
        first.record(1000, count: 3)
        (first.start, first.end) = (10, 20)
        var second = Measurement()
        second.record(9000, count: 1)
        (second.start, second.end) = (5, 18)
        first.merge(second)
        #expect(first.requests == 4 && first.start == 5 && first.end == 20)
        #expect(first.averageNanoseconds == 3000 && first.percentile(75) == 1000)
    }

    @Test(
        arguments: [
            (1, 100_000), (100_000, 100_000), (100_001, 200_000), (2_000_000, 2_000_000),
            (2_000_001, 3_000_000), (100_000_001, 200_000_000),
        ] as [(UInt64, UInt64)]
    ) func `latencies round up to a bound`(_ value: UInt64, _ bound: UInt64) {
        #expect(TextReport.roundBound(over: value) == bound)
    }

    @Test func `strings are escaped for JSON`() {
        #expect(JSONReport.string("a\"b\\c\n") == "\"a\\\"b\\\\c\\u000a\"")
        #expect(JSONReport.string(nil) == "null")
    }

    @Test func `the server's words are found in its replies`() {
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        let reply = "*2\r\n$4\r\nsave\r\n$11\r\n3600 1 60 5\r\n"
        #expect(ServerFacts.value(bytes(reply)) == "3600 1 60 5")
        #expect(ServerFacts.value(bytes("%1" + reply.dropFirst(2))) == "3600 1 60 5")
        #expect(ServerFacts.value(bytes("*2\r\n$4\r\nsave\r\n$0\r\n\r\n")) == "")
        #expect(ServerFacts.value(bytes("*0\r\n")) == nil)
        #expect(ServerFacts.value(bytes("-ERR unknown\r\n")) == nil)
        #expect(
            ServerFacts.version(bytes("# Server\r\nredis_version:7.0.15\r\nx:1\r\n")) == "7.0.15"
        )
        #expect(ServerFacts.errorText(bytes("-WRONGPASS no\r\n")) == "WRONGPASS no")
    }

    @Test func `progress shows the rate since the last update and overall`() {
        var line = ProgressLine(title: "GET", total: 400, now: 0)
        var sample = Progress.Sample(requests: 100, latencySum: 100_000_000)
        _ = line.text(sample, now: 1_000_000_000)
        sample = Progress.Sample(requests: 400, latencySum: 700_000_000)
        let text = line.text(sample, now: 2_000_000_000)
        #expect(text.contains("rps=300.0 (overall: 200.0) avg_msec=2.000 (overall: 1.750) 100%"))
    }
}

@Suite struct PacerTests {
    @Test func `a request is due when its time has come, and not before`() {
        let pacer = Pacer(start: 1000, rate: 1_000_000, thread: 0, threads: 1)
        #expect(pacer.dueCount(at: 999) == 0)
        #expect(pacer.dueCount(at: 1000) == 1)
        #expect(pacer.dueCount(at: 1999) == 1)
        #expect(pacer.dueCount(at: 2000) == 2)
        #expect(pacer.due(10) == 11_000)
    }

    @Test func `due times and counts agree at unusual rates`() {
        let pacer = Pacer(start: 12_345, rate: 333_333, thread: 1, threads: 3)
        for number in 0..<5000 {
            let time = pacer.due(number)
            #expect(pacer.dueCount(at: time) == number + 1)
            #expect(pacer.dueCount(at: time - 1) == number)
        }
    }

    @Test func `threads share the rate and take turns`() {
        let turns = (0..<4).map { Pacer(start: 0, rate: 1000, thread: $0, threads: 4) }
        #expect(turns.map { $0.due(0) } == [0, 1_000_000, 2_000_000, 3_000_000])
        #expect(turns.map { $0.due(1) } == [4_000_000, 5_000_000, 6_000_000, 7_000_000])
    }

    @Test func `idle connections are used in turn`() {
        var queue = IndexQueue(capacity: 3)
        for round in 0..<10 {
            queue.append(round)
            queue.append(round + 100)
            #expect(queue.popFirst() == round)
            #expect(queue.popFirst() == round + 100)
            #expect(queue.isEmpty)
        }
        #expect(queue.popFirst() == nil)
    }
}
