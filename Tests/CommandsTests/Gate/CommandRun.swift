import Primitives
import Store
import Structures
import Testing

@testable import Commands
@testable import Wire

/// Runs commands on a keyspace without a server, as the dispatcher would.
final class CommandRun {
    private static let families: [[DataCommand]] = [
        StringCommands.table, StringManyCommands.table, StringRangeCommands.table,
        NumberCommands.table, BitmapCommands.table, BitFieldCommands.table, KeyCommands.table,
        ExpiryCommands.table, ObjectCommands.table, SetCommands.table, SetSampling.table,
        SetAlgebra.table, HashCommands.table, HashWalks.table, HashExpiryCommands.table,
        HashTimedCommands.table, ListCommands.table, ListMoves.table, SortedSetCommands.table,
        SortedSetSampling.table, SortedSetRanges.table, SortedSetAlgebra.table,
        StreamCommands.table, StreamReadCommands.table, StreamGroupCommands.table,
        StreamGroupReadCommands.table, StreamPendingCommands.table, StreamClaimCommands.table,
        StreamMessageCommands.table, StreamInfoCommands.table, HyperLogLogCommands.table,
        GeoCommands.table, GeoSearch.table, SortCommands.table,
    ]

    /// The names of the commands that change keys.
    static var writingNames: Set<String> {
        Set(rows.filter { $0.value.facts.flags.contains(.write) }.keys)
    }

    private static let rows: [String: DataCommand] = {
        var rows: [String: DataCommand] = [:]
        for row in families.joined() { rows[row.facts.name.description] = row }
        return rows
    }()

    /// A command that has yielded and continues later.
    struct Held {
        let words: [[UInt8]]
        let work: WorkID
        let database: Int
    }

    let keyspace: Keyspace
    var context: CommandContext
    /// The command that has started but not finished; at most one.
    private(set) var held: Held?
    /// The names of the commands that finished.
    private(set) var doneNames: Set<String> = []
    /// How many times a command continued in another slice.
    private(set) var sliceCount = 0

    init(databases: Int, workers: Int, seed: UInt64) {
        keyspace = Keyspace(databases: databases, workers: workers)
        context = CommandContext(keyspace: keyspace, seed: seed)
        context.now = Clock.unixMilliseconds()
    }

    /// All shards, with their databases.
    var shards: [(shard: Shard, database: Int)] {
        var shards: [(Shard, Int)] = []
        keyspace.forEachShard { shards.append(($0, $1)) }
        return shards
    }

    /// Runs a command unless it uses keys that another one is working on.
    func run(_ words: [[UInt8]]) { run(words, resuming: nil) }

    /// Runs another slice of the held command.
    func goOn() {
        guard let held else { return }
        self.held = nil
        let database = context.database
        context.database = held.database
        run(held.words, resuming: held.work)
        context.database = database
    }

    private func run(_ words: [[UInt8]], resuming work: WorkID?) {
        var name = words[0].text
        if words.count > 1 {
            let long = name + " " + words[1].text
            if CommandRun.rows[long] != nil { name = long }
        }
        guard let row = CommandRun.rows[name] else {
            Issue.record("no command \(name)")
            return
        }
        let all = words.flatMap { $0 }
        let outcome = all.withBytes { bytes in
            var vector = ArgumentVector()
            var offset = 0
            for word in words {
                vector.append(bytes[offset..<offset + word.count])
                offset += word.count
            }
            return run(row, vector.arguments(0, vector.count), work)
        }
        context.reply.removeAll(keep: 1 << 16)
        if outcome == .done { doneNames.insert(name) }
        if case .waits(.turn(let work)) = outcome {
            sliceCount += 1
            held = Held(words: words, work: work, database: context.database)
        }
    }

    /// Returns nil if the request is rejected.
    private func run(_ row: DataCommand, _ arguments: Arguments, _ work: WorkID?) -> Outcome? {
        let arity = row.facts.arity
        guard arity >= 0 ? arguments.count == arity : arguments.count >= -arity else { return nil }
        let all = keyspace.allPartitions
        let places = (try? KeyFinder.keys(row.facts.keys, arguments)) ?? []
        if let first = places.first { context.firstHash = keyspace.hasher(arguments[first.index]) }
        if keyspace.hasFrozen(all) {
            if places.isEmpty, row.facts.flags.contains(.write), !keyspace.giveUpCopies() {
                return .waits(.keys)
            }
            let isHeld = places.contains {
                keyspace.isFrozen(context.key(arguments[$0.index]), for: work)
            }
            if isHeld { return .waits(.keys) }
        }
        let now = context.now
        if let work {
            context.work = keyspace.thaw(work, all)
            context.now = context.work?.startedAt ?? now
        }
        context.mayBeginWork = held == nil
        context.held = all
        defer {
            context.endWork()
            context.now = now
        }
        return try? row.handler(arguments, &context)
    }

    /// Does the work of the server's tick: removes expired keys, frees remains.
    func tick(budget: Int) {
        for (shard, database) in shards {
            var left = budget
            context.removeDue(in: shard, database: database, &left)
            left = budget
            _ = shard.freeSome(budget: &left)
        }
        reap()
    }

    /// Destroys the keyspaces that FLUSHALL replaced, like the server's helper thread.
    func reap() {
        for shard in context.retired { shard.destroy() }
        context.retired = []
    }
}
