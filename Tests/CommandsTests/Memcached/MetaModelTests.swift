import Primitives
import Store
import Testing

@testable import Commands
@testable import Wire

/// The commands of the meta protocol and a model of them do the same, with a clock of the test's.
@Suite struct MetaModelTests {
    private typealias Flags = MetaModel.Flags

    /// A store without a server, and the model.
    private final class Bench {
        private var context = CommandContext(keyspace: Keyspace(databases: 1, workers: 1), seed: 1)
        var model = MetaModel()
        var random: FastRandom
        private(set) var history: [String] = []
        private var versions: [UInt64: String] = [:]

        init(seed: UInt64) {
            random = FastRandom(seed: seed)
            advance(by: 1_700_000_000_000)
        }

        func advance(by milliseconds: Int) {
            model.now += milliseconds
            context.now = Int64(model.now)
            history.append("+\(milliseconds)")
        }

        /// Runs a request whose words the parser would have made; returns the lines of its reply.
        func ask(_ words: [String]) -> [String] {
            history.append(words.joined(separator: " | "))
            let name = "MEMCACHED." + words[0].uppercased()
            guard let row = MetaCommands.table.first(where: { $0.facts.name.description == name })
            else { preconditionFailure("no row \(name)") }
            do {
                try Words.with(words.map { Array($0.utf8) }) { arguments throws(CommandError) in
                    context.firstHash = context.keyspace.hasher(arguments[1])
                    _ = try row.handler(arguments, &context)
                }
            } catch { Issue.record("\(error)") }
            let reply = context.reply.buffer.bytes.string
            context.reply.removeAll(keep: 1024)
            return reply.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        }

        /// Whether the reply is what the model expects, and tells the item as the model has it.
        func check(_ key: String, _ lines: [String], _ expected: MetaModel.Reply) -> Bool {
            let words = lines[0].split(separator: " ").map(String.init)
            guard words.first == expected.code else { return false }
            guard ["HD", "VA"].contains(expected.code) else { return true }
            if let value = expected.value {
                guard lines[1] == value, words[1] == "\(value.utf8.count)" else { return false }
            }
            let told = words.dropFirst(expected.value == nil ? 1 : 2)
            let marks = Set(told.filter { ["W", "X", "Z"].contains($0) })
            guard marks == expected.marks else { return false }
            guard let item = model.item(key) else { return true }
            for word in told {
                switch word.first {
                case "t":
                    let left = item.expiry.map { ($0 - model.now + 999) / 1000 } ?? -1
                    guard word == "t\(left)" else { return false }
                case "f": guard word == "f\(item.flags)" else { return false }
                case "c":
                    guard let number = UInt64(word.dropFirst()), model.learn(key, number) else {
                        return false
                    }
                    if number > 9 {
                        guard versions[number] ?? key == key else { return false }
                        versions[number] = key
                    }
                default: break
                }
            }
            return true
        }

        // MARK: Random requests

        private func chance(_ one: Int) -> Bool { random.below(one) == 0 }

        /// A version for `C`: one that this key has had, or one that a client has chosen.
        private func token(_ key: String) -> UInt64 {
            let told = model.told[key, default: []]
            if let item = model.item(key), case .chosen(let number) = item.version, chance(2) {
                return number
            }
            guard !told.isEmpty, !chance(5) else { return UInt64(1 + random.below(9)) }
            return chance(2) ? told[told.count - 1].number : told[random.below(told.count)].number
        }

        private func seconds() -> Int { [0, 1, 2, 5, 30, 600][random.below(6)] }

        private func text(_ flags: Flags) -> String {
            var words: [String] = []
            if let mode = flags.mode { words.append("M\(mode)") }
            if let time = flags.time { words.append("T\(time)") }
            if let vivify = flags.vivify { words.append("N\(vivify)") }
            if let recache = flags.recache { words.append("R\(recache)") }
            if let expected = flags.expected { words.append("C\(expected)") }
            if let chosen = flags.chosen { words.append("E\(chosen)") }
            if flags.clientFlags != 0 { words.append("F\(flags.clientFlags)") }
            if flags.initial != 0 { words.append("J\(flags.initial)") }
            if flags.delta != 1 { words.append("D\(flags.delta)") }
            if flags.invalidates { words.append("I") }
            if flags.dropsValue { words.append("x") }
            return words.joined(separator: " ")
        }

        /// One random request, at the store and at the model; whether they agree.
        func step() -> Bool {
            if chance(6) { advance(by: [1, 400, 999, 1000, 1500, 29_000][random.below(6)]) }
            let key = "k\(random.below(3))"
            var flags = Flags()
            if chance(5) { flags.chosen = UInt64(1 + random.below(9)) }
            if chance(4) { flags.expected = token(key) }
            switch random.below(10) {
            case 0..<5: return get(key, &flags)
            case 5..<7: return set(key, &flags)
            case 7: return change(key, &flags)
            default: return delete(key, &flags)
            }
        }

        private func get(_ key: String, _ flags: inout Flags) -> Bool {
            if chance(3) { flags.vivify = seconds() }
            if chance(3) { flags.recache = seconds() }
            // What T and C mean for an item that N makes is not documented, nor what R means for
            // one that T ends.
            if flags.vivify != nil {
                flags.expected = nil
            } else if chance(4) {
                flags.time = flags.recache == nil && chance(8) ? -1 : seconds()
            }
            let shown = ["v", "v c", "v t f", "v c t f"][random.below(4)]
            let expected = model.get(key, flags)
            return check(key, ask(["mg", key, shown + " " + text(flags)]), expected)
        }

        private func set(_ key: String, _ flags: inout Flags) -> Bool {
            flags.mode = chance(2) ? nil : Array("SERAP")[random.below(5)]
            if flags.mode == "E" { flags.expected = nil }
            let extends = flags.mode == "A" || flags.mode == "P"
            flags.invalidates = !extends && chance(2)
            flags.vivify = extends && chance(2) ? seconds() : nil
            flags.time = chance(2) ? (chance(8) ? -1 : seconds()) : nil
            flags.clientFlags = random.below(3)
            let value = chance(3) ? "x" : "\(random.below(12))"
            let expected = model.set(key, value, flags)
            let shown = chance(2) ? "c " : ""
            return check(key, ask(["ms", key, shown + text(flags), value]), expected)
        }

        private func delete(_ key: String, _ flags: inout Flags) -> Bool {
            flags.invalidates = !chance(4)
            flags.dropsValue = flags.invalidates && chance(4)
            flags.time = flags.invalidates && chance(3) ? (chance(8) ? -1 : seconds()) : nil
            let expected = model.delete(key, flags)
            return check(key, ask(["md", key, text(flags)]), expected)
        }

        private func change(_ key: String, _ flags: inout Flags) -> Bool {
            flags.mode = chance(2) ? "D" : nil
            flags.delta = 1 + random.below(3)
            flags.vivify = chance(2) ? seconds() : nil
            flags.initial = random.below(12)
            flags.time = chance(4) ? seconds() : nil
            let shown = chance(2) ? "v c " : "v "
            let expected = model.change(key, flags)
            return check(key, ask(["ma", key, shown + text(flags)]), expected)
        }
    }

    @Test(arguments: [1, 3, 5, 7, 9, 11, 13, 15])
    func `random requests`(seed: UInt64) {
        let bench = Bench(seed: seed)
        for step in 0..<5000 {
            guard bench.step() else {
                Issue.record("step \(step): \(bench.history.suffix(12))")
                return
            }
        }
    }

    @Test func `an old version makes a later value stale`() {
        let bench = Bench(seed: 1)
        guard let token = bench.ask(["ms", "k", "c", "5"])[0].split(separator: "c").last else {
            return
        }
        // Nobody has asked for the version of this one, which is newer all the same.
        #expect(bench.ask(["ms", "k", "", "6"])[0] == "HD")
        #expect(bench.ask(["ms", "k", "I C\(token)", "7"])[0] == "HD")
        #expect(bench.ask(["mg", "k", "v"]) == ["VA 1 X W", "7", ""])
        #expect(bench.ask(["mg", "k", "v"]) == ["VA 1 Z X", "7", ""])
    }
}
