import Primitives
import Store
import Wire

@testable import Commands

/// Runs commands without a server, and keeps the effects that they report.
final class EffectsBench {
    var context: CommandContext
    /// The records, one per line: the database, then the words.
    private(set) var records: [String] = []
    /// The events, one per line: the database, the event, the key.
    private(set) var events: [String] = []
    private let rows: [String: DataCommand]

    /// A bench for the commands of `tables`; without `wants` it only counts changes.
    init(_ tables: [[DataCommand]], wants: Effects.Wants = [.log, .notify]) {
        rows = Dictionary(
            uniqueKeysWithValues: tables.joined().map { ($0.facts.name.description, $0) }
        )
        context = CommandContext(keyspace: Keyspace(databases: 4, workers: 1), seed: 1)
        context.now = 1_000_000
        context.effects.record(for: wants)
        context.effects.consumer = { [unowned self] in take($0) }
    }

    private func take(_ effects: borrowing Effects) {
        effects.records.forEach { database, request in
            let lines = request.string.split(separator: "\r\n", omittingEmptySubsequences: false)
            let words = stride(from: 2, to: lines.count, by: 2).map { lines[$0] }
            records.append("\(database) " + words.joined(separator: " "))
        }
        for touch in effects.touches where touch.event != .unnamed {
            events.append("\(touch.database) \(touch.event.name) \(effects.key(touch).string)")
        }
    }

    /// Runs the command in `line` and settles it; returns how many changes it counted.
    @discardableResult
    func run(_ line: String) -> Int {
        let before = context.effects.dirty.value
        records = []
        events = []
        try? Words.with(line) { arguments throws(CommandError) in
            guard let row = rows[arguments[0].string] else {
                preconditionFailure("no row for \(line)")
            }
            if row.facts.keys.isEmpty == false, arguments.count > 1 {
                context.firstHash = context.keyspace.hasher(arguments[1])
            }
            defer {
                if !context.effects.wants.isEmpty {
                    context.settle(row.facts.propagation, arguments)
                }
                context.reply.removeAll(keep: 1024)
            }
            _ = try row.handler(arguments, &context)
        }
        return Int(context.effects.dirty.value - before)
    }
}
