internal import Remote

/// `--latency-dist`: a line of colours every second, with one column per range of latencies.
struct LatencySpectrum {
    private struct Column {
        let microsecondsMax: Int
        let sign: String
        var count = 0
    }

    private var columns = Self.allColumns()

    private static func allColumns() -> [Column] {
        let milliseconds = (1...9).map { Column(microsecondsMax: $0 * 1000, sign: "\($0)") }
        let tens = zip(1...5, ["A", "B", "C", "D", "E"]).map {
            Column(microsecondsMax: $0 * 10_000, sign: $1)
        }
        let tenths = zip(1...5, ["F", "G", "H", "I", "J"]).map {
            Column(microsecondsMax: $0 * 100_000, sign: $1)
        }
        let seconds = zip([1, 2, 4, 8, 16, 30, 60], ["K", "L", "M", "N", "O", "P", "Q"]).map {
            Column(microsecondsMax: $0 * 1_000_000, sign: $1)
        }
        let parts = zip([10, 125, 250, 500], [".", "-", "*", "#"]).map {
            Column(microsecondsMax: $0, sign: $1)
        }
        return parts + milliseconds + tens + tenths + seconds
            + [Column(microsecondsMax: Int.max, sign: "?")]
    }

    /// From black over grey and green to red, in the terminal's 256 colours.
    private static let palette = [
        0, 233, 234, 235, 237, 239, 241, 243, 245, 247, 144, 143, 142, 184, 226, 214, 208, 202, 196,
    ]

    private static var legend: String {
        let rule = "---------------------------------------------\n"
        return rule
            + ". - * #          .01 .125 .25 .5 milliseconds\n"
            + "1,2,3,...,9      from 1 to 9     milliseconds\n"
            + "A,B,C,D,E        10,20,30,40,50  milliseconds\n"
            + "F,G,H,I,J        .1,.2,.3,.4,.5       seconds\n"
            + "K,L,M,N,O,P,Q,?  1,2,4,8,16,30,60,>60 seconds\n"
            + "From 0 to 100%: "
            + palette.map { "\u{1b}[48;5;\($0)m " }.joined() + "\u{1b}[0m\n" + rule
    }

    /// Samples until ^C; returns the exit code.
    mutating func run(_ session: inout ServerSession) throws(RemoteFailure) -> Int32 {
        let interval = session.options.intervalSeconds
        let seconds = interval > 0 ? interval : 1
        var begun = Clock.monotonic()
        var lines = 0
        while !Interrupt.answer() {
            let sent = Clock.nanoseconds()
            _ = try session.ask("PING")
            let taken = (Clock.nanoseconds() - sent) / 1000
            if let place = columns.firstIndex(where: { taken <= $0.microsecondsMax }) {
                columns[place].count += 1
            }
            if Clock.monotonic() - begun > seconds {
                if lines % 20 == 0 { session.output.write(Self.legend) }
                lines += 1
                session.output.write(line())
                session.output.flush()
                columns = Self.allColumns()
                begun = Clock.monotonic()
            }
            Pause.seconds(0.001)
        }
        return 0
    }

    private func line() -> String {
        let total = max(columns.reduce(0) { $0 + $1.count }, 1)
        let last = Self.palette.count - 1
        let parts = columns.map { column in
            let share = Double(column.count) / Double(total)
            let colour = Self.palette[min(Int((share * Double(last)).rounded(.up)), last)]
            return "\u{1b}[48;5;\(colour)m\(column.sign)"
        }
        return "\u{1b}[38;5;0m" + parts.joined() + "\u{1b}[0m\n"
    }
}

/// `--intrinsic-latency`: how long the machine itself delays a busy program.
enum IntrinsicLatency {
    /// Spins for `seconds` without a server; returns the exit code.
    static func run(seconds: Int, _ output: inout Output) -> Int32 {
        let begun = Clock.nanoseconds()
        let end = begun + max(seconds, 0) * 1_000_000_000
        var worst = 0
        var runs = 0
        var before = begun
        while before < end, !Interrupt.isRequested {
            let now = Clock.nanoseconds()
            runs += 1
            if (now - before) / 1000 > worst {
                worst = (now - before) / 1000
                output.write("Max latency so far: \(worst) microseconds.\n")
                output.flush()
            }
            before = now
        }
        let average = Double(before - begun) / Double(max(runs, 1))
        output.write(
            "\n\(runs) total runs (avg latency: \(Decimals.fixed(average / 1000, 4)) microseconds "
                + "/ \(Decimals.fixed(average, 2)) nanoseconds per run).\n"
        )
        let times = Int(Double(worst * 1000) / max(average, 0.001))
        output.write("Worst run took \(times)x longer than the average latency.\n")
        return 0
    }
}
