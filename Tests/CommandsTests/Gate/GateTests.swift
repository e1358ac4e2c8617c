import Primitives
import Structures
import Testing

@testable import Commands
@testable import Store

/// Tests that every change of the keyspace is announced before it is made.
@Suite struct GateTests {
    /// One run of random commands while snapshots start, proceed and end.
    private struct Setup: CustomTestStringConvertible {
        let seed: UInt64
        let workers: Int
        let takesLargeValues: Bool
        /// How many buckets a snapshot visits by itself after every tenth command.
        let walked: Int

        var testDescription: String { "seed \(seed), \(workers) workers, walks \(walked)" }
    }

    private static let setups = [
        Setup(seed: 1, workers: 1, takesLargeValues: true, walked: 2),
        Setup(seed: 2, workers: 1, takesLargeValues: false, walked: 1),
        Setup(seed: 3, workers: 4, takesLargeValues: true, walked: 20),
        Setup(seed: 4, workers: 1, takesLargeValues: true, walked: 0),
    ]

    @Test(arguments: setups)
    private func `a snapshot sees the world at its cut, whatever runs meanwhile`(setup: Setup) {
        let run = CommandRun(databases: 4, workers: setup.workers, seed: setup.seed)
        let probe = SnapshotProbe(takesLargeValues: setup.takesLargeValues)
        var commands = RandomCommands(seed: setup.seed)
        var random = FastRandom(seed: setup.seed + 100)
        var runs = 0
        for step in 0..<24_000 {
            if step % 2000 == 0 { commands.keyCount = [10, 60, 300, 30][step / 2000 % 4] }
            GateTests.step(run, &commands, &random, probe)
            guard random.below(10) == 0 else { continue }
            if !probe.isActive, !run.keyspace.hasInPlaceWork {
                probe.begin(run.shards.map(\.shard))
            } else if probe.isActive {
                let isThrough = probe.walk(budget: setup.walked)
                if isThrough || setup.walked == 0 && random.below(40) == 0 {
                    while !probe.walk(budget: 1000) {}
                    probe.end(isComplete: true)
                    runs += 1
                } else if random.below(200) == 0 {
                    probe.end(isComplete: false)
                }
            }
        }
        while run.held != nil { run.goOn() }
        if probe.isActive { probe.end(isComplete: false) }
        #expect(runs >= 10 && probe.shownCount > 500 && run.sliceCount > 2)
        if setup.takesLargeValues { #expect(probe.takenCount > 20) }
        let missing = CommandRun.writingNames.subtracting(run.doneNames)
        #expect(missing.count <= 5, "need templates, or come too seldom: \(missing.sorted())")
        expectNothingLeft(run)
    }

    @Test(arguments: [11, 12])
    func `every single command announces what it changes`(seed: UInt64) {
        let run = CommandRun(databases: 2, workers: 1, seed: seed)
        let probe = SnapshotProbe(takesLargeValues: seed % 2 == 0)
        var commands = RandomCommands(seed: seed)
        commands.keyCount = 3
        commands.hugeCount = 150
        var random = FastRandom(seed: seed)
        for _ in 0..<2_000 {
            while run.keyspace.hasInPlaceWork { run.goOn() }
            probe.begin(run.shards.map(\.shard))
            GateTests.step(run, &commands, &random, probe)
            while !probe.walk(budget: 1000) {}
            probe.end(isComplete: true)
        }
        while run.held != nil { run.goOn() }
        expectNothingLeft(run)
    }

    /// Runs a command in a random database, and occasionally a tick of the server.
    private static func step(
        _ run: CommandRun,
        _ commands: inout RandomCommands,
        _ random: inout FastRandom,
        _ probe: SnapshotProbe
    ) {
        if random.below(50) == 0 {
            run.context.database = random.below(run.keyspace.databaseCount)
        }
        run.context.now += Int64(random.below(4))
        // Rarely, so that collections can grow large.
        let words = random.below(12_000) == 0 ? [Array("FLUSHALL".utf8)] : commands.next()
        probe.activity = String(words.prefix(4).map(\.text).joined(separator: " ").prefix(80))
        run.run(words)
        if run.held != nil, random.below(3) == 0 { run.goOn() }
        probe.expectHandedOver()
        guard random.below(20) == 0 else { return }
        probe.activity = "tick"
        run.tick(budget: 20)
        probe.expectHandedOver()
    }

    /// Expects that all discarded and deferred values are freed in the end.
    private func expectNothingLeft(_ run: CommandRun) {
        run.reap()
        for (shard, database) in run.shards {
            #expect(shard.isValid)
            run.context.database = database
            var names: [[UInt8]] = []
            shard.forEach { names.append($0.entry.key.array) }
            for name in names { run.run([Array("DEL".utf8), name]) }
            run.context.now += 10_000
            while shard.hasRemains { run.tick(budget: 1_000_000) }
            #expect(shard.count == 0 && shard.usedBytes == 0)
        }
    }
}
