internal import Commands
internal import Primitives
internal import Wire

/// LATENCY: the durations of commands.
enum LatencyCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("LATENCY", arity: -2, [], group: .server, since: "2.8.13", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about latency.", help),
        AdminCommand("LATENCY LATEST", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "2.8.13", complexity: "O(1)", syntax: "", summary: "Returns the latest and the longest duration of each event.", tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], latest),
        AdminCommand("LATENCY HISTORY", arity: 3, [.admin, .noScript, .loading, .stale], group: .server, since: "2.8.13", complexity: "O(1)", syntax: "event", summary: "Returns the recent durations of an event.", tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], history),
        AdminCommand("LATENCY GRAPH", arity: 3, [.admin, .noScript, .loading, .stale], group: .server, since: "2.8.13", complexity: "O(1)", syntax: "event", summary: "Draws the recent durations of an event.", tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], graph),
        AdminCommand("LATENCY DOCTOR", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "2.8.13", complexity: "O(1)", syntax: "", summary: "Reports what took long, and gives advice.", tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], doctor),
        AdminCommand("LATENCY RESET", arity: -2, [.admin, .noScript, .loading, .stale], group: .server, since: "2.8.13", complexity: "O(1)", syntax: "[event...]", summary: "Discards the durations of events.", tips: ["request_policy:all_nodes", "response_policy:agg_sum"], reset),
        AdminCommand("LATENCY HISTOGRAM", arity: -2, [.admin, .noScript, .loading, .stale], group: .server, since: "7.0.0", complexity: "O(N) where N is the number of commands with measured durations", syntax: "[command...]", summary: "Returns how long the calls of commands took, as a cumulative distribution.", tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], histogram),
        AdminCommand("LATENCY HELP", arity: 2, [.loading, .stale], group: .server, since: "2.8.13", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of LATENCY.", help),
    ]
}

extension LatencyCommands {
    /// `LATENCY LATEST`: each event's name, last time, and last and maximum duration.
    ///
    /// Times are in seconds since 1970, durations in milliseconds.
    static func latest(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let events = call.server.latency.events
        call.reply.array(events.count)
        for (event, series) in events {
            call.reply.array(4)
            call.reply.bulk(text: event.rawValue)
            call.reply.integer(series.samples.last?.time ?? 0)
            call.reply.integer(series.samples.last?.milliseconds ?? 0)
            call.reply.integer(series.longest)
        }
    }

    /// `LATENCY HISTORY event`: pairs of seconds and milliseconds.
    static func history(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let samples = call.server.latency.series(arguments[2])?.samples ?? []
        call.reply.array(samples.count)
        for sample in samples {
            call.reply.array(2)
            call.reply.integer(sample.time)
            call.reply.integer(sample.milliseconds)
        }
    }

    /// `LATENCY GRAPH event`: the event's samples as ASCII art.
    static func graph(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let series = call.server.latency.series(arguments[2]) else {
            return call.refuse("ERR No samples available for event '\(arguments[2].string)'")
        }
        let graph = LatencyGraph(
            arguments[2].string,
            series,
            now: Clock.unixMilliseconds() / 1000
        )
        call.reply.verbatim(graph.text)
    }

    /// `LATENCY DOCTOR`: a report.
    static func doctor(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let doctor = LatencyDoctor(
            call.server.latency.events,
            threshold: Int64(call.server.options.latencyMillisecondsMin),
            logsSlow: call.server.options.slowMicrosecondsMin >= 0,
            now: Clock.unixMilliseconds() / 1000
        )
        call.reply.verbatim(doctor.text)
    }

    /// `LATENCY RESET [event …]`: the number of events removed.
    static func reset(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let names = (2..<arguments.count).map { arguments[$0].string }
        call.reply.integer(call.server.latency.reset(names))
    }

    /// `LATENCY HISTOGRAM [command …]`: a map from commands to their call counts and durations.
    ///
    /// Leaves out commands that were not called; a container stands for all of its subcommands.
    static func histogram(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        let table = server.registry.table
        var rows: [Int] = []
        if arguments.count == 2 {
            rows = Array(table.facts.indices)
        } else {
            for index in 2..<arguments.count {
                guard let row = CommandCommands.row(arguments[index], table) else { continue }
                rows += table.subcommands[row] ?? [row]
            }
        }
        let found = rows.compactMap { row in
            server.statistics.durations(of: row).map { (row: row, durations: $0) }
        }
        call.reply.map(found.count)
        for (row, durations) in found {
            let steps = DurationSteps(durations, microsecondsPerCycle: server.microsecondsPerCycle)
            table.facts[row].clientName.withBytes { call.reply.bulk($0) }
            call.reply.map(2)
            call.reply.bulk("calls")
            call.reply.integer(steps.total)
            call.reply.bulk("histogram_usec")
            call.reply.map(steps.steps.count)
            for (microseconds, calls) in steps.steps {
                call.reply.integer(microseconds)
                call.reply.integer(calls)
            }
        }
    }

    /// `LATENCY HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "DOCTOR",
            "    Return a human readable latency analysis report.",
            "GRAPH <event>",
            "    Return an ASCII latency graph for the <event> class.",
            "HISTORY <event>",
            "    Return time-latency samples for the <event> class.",
            "LATEST",
            "    Return the latest latency samples for all events.",
            "RESET [<event> ...]",
            "    Reset latency data of one or more <event> classes.",
            "    (default: reset all data for all event classes)",
            "HISTOGRAM [COMMAND ...]",
            """
                Return a cumulative distribution of latencies in the format of a histogram for the \
            specified command names.
            """,
            "    If no commands are specified then all histograms are replied.",
            "HELP",
            "    Print this help.",
        ])
    }
}

/// A cumulative histogram: how many calls took up to each power of two of nanoseconds.
///
/// Only powers at which the count grows are listed.
struct DurationSteps {
    /// The number of calls.
    private(set) var total = 0
    /// The step in whole microseconds, and how many calls took no longer.
    private(set) var steps: [(microseconds: Int, calls: Int)] = []

    /// The steps of `counts`, the calls per bucket of `DurationHistogram`.
    ///
    /// The first step is at 1,024 nanoseconds. As in Redis, each step is 1/128 larger than its
    /// power, and is labeled accordingly.
    init(_ counts: [UInt64], microsecondsPerCycle: Double) {
        var power = 10
        func end() -> Int { 1 << power + 1 << (power - 7) - 1 }
        for (bucket, count) in counts.enumerated() where count > 0 {
            let cycles = Double(DurationHistogram.longest(bucket))
            let nanoseconds = Int(cycles * microsecondsPerCycle * 1000)
            while nanoseconds > end() { power += 1 }
            total += Int(count)
            let microseconds = end() / 1000
            if steps.last?.microseconds == microseconds { steps.removeLast() }
            steps.append((microseconds, total))
        }
    }
}
