internal import CSupport
internal import Commands
internal import Primitives
internal import Wire

/// The durations, in cycles, from which commands are recorded.
struct NotedDurations {
    /// For the slow log; the maximum value if it is off.
    let slow: UInt64
    /// For the latency monitor; the maximum value if it is off.
    let latency: UInt64

    /// The durations configured in `options`.
    init(_ options: Options) {
        let perMillisecond = Double(apus_cycles_per_millisecond())
        let micros = options.slowMicrosecondsMin
        slow = micros < 0 ? .max : UInt64(saturating: Double(micros) / 1000 * perMillisecond)
        let millis = options.latencyMillisecondsMin
        latency = millis == 0 ? .max : UInt64(saturating: Double(millis) * perMillisecond)
    }

    /// The shorter of the two.
    var least: UInt64 { min(slow, latency) }
}

/// Recording slow commands, large requests and large replies.
extension Executor {
    /// Adopts the configured durations.
    func noteCommands(by options: Options) {
        noted = NotedDurations(options)
        clock.isStale(after: noted.least)
    }

    /// Reads the clocks after a command that took `cycles`, and records it if it was slow.
    @inline(never)
    func noteTime(
        _ row: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        cycles: UInt64
    ) {
        readClocks()
        noteDuration(row, arguments, connection, cycles: cycles)
    }

    /// Records a command that took `cycles` if it was slow.
    func noteDuration(
        _ row: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        cycles: UInt64
    ) {
        guard cycles >= noted.least else { return }
        let facts = registry.table.facts[row]
        let microseconds = Double(cycles) * server.microsecondsPerCycle
        if cycles >= noted.latency {
            server.latency.note(
                facts.flags.contains(.fast) ? .fastCommand : .command,
                milliseconds: Int64(microseconds / 1000),
                second: context.now / 1000
            )
        }
        if cycles >= noted.slow {
            note(.slow, Int64(microseconds), facts, arguments, connection)
        }
    }

    /// Records the costs of a command that started at `begin` (cycles), and whose reply starts at
    /// `start`.
    func noteCosts(
        _ row: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        replyStart start: Int,
        begin: UInt64
    ) {
        let facts = registry.table.facts[row]
        let request = (0..<arguments.count).reduce(16) { $0 + arguments[$1].count + 16 }
        var reply = max(context.reply.buffer.count - start, 0)
        for reference in context.reply.references where reference.position >= start {
            reply += reference.block.count
        }
        if alerts.contains(.sizes) {
            noteSizes(request: request, reply: reply, facts, arguments, connection)
        }
        guard alerts.contains(.hotKeys), begin > 0 else { return }
        let microseconds = Double(apus_cycles() &- begin) * server.microsecondsPerCycle
        server.hotKeys.note(microseconds: microseconds, bytes: UInt64(request + reply)) { body in
            // An invalid request has no keys.
            try? KeyFinder.forEachUse(facts, arguments) { index, _ in body(arguments[index]) }
        }
        server.endHotKeys(now: context.now)
    }

    private func noteSizes(
        request: Int,
        reply: Int,
        _ facts: CommandFacts,
        _ arguments: Arguments,
        _ connection: Connection
    ) {
        let options = server.options
        if options.requestBytesNoted >= 0, request >= options.requestBytesNoted {
            note(.largeRequest, Int64(request), facts, arguments, connection)
        }
        if options.replyBytesNoted >= 0, reply >= options.replyBytesNoted {
            note(.largeReply, Int64(reply), facts, arguments, connection)
        }
    }

    private func note(
        _ kind: CommandLog.Kind,
        _ measure: Int64,
        _ facts: CommandFacts,
        _ arguments: Arguments,
        _ connection: Connection
    ) {
        guard !facts.flags.contains(.skipSlowLog) else { return }
        let path = server.options.unixSocketPath
        server.commandLog.note(
            CommandLog.Entry(
                time: context.now / 1000,
                measure: measure,
                words: ShownRequest(arguments, facts).words,
                client: Array(connection.address(peer: true, unixPath: path).utf8),
                name: connection.session.details?.name ?? []
            ),
            kind,
            limit: server.options.commandLogMax(kind)
        )
    }
}
