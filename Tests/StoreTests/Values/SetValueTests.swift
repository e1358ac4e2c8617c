import Primitives
import Structures
import Testing

@testable import Store

@Suite struct SetValueTests {
    /// The sets of a shard, and a simple model of them.
    private final class Pair {
        let shard = Shard()
        var limits = EncodingLimits()
        var random: FastRandom
        var model: [String: Set<String>] = [:]

        init(seed: Int, integers: Int = 16, entries: Int = 12, bytes: Int = 20) {
            random = FastRandom(seed: UInt64(seed))
            limits.setIntegersMax = integers
            limits.setPackEntriesMax = entries
            limits.setPackValueMax = bytes
        }

        deinit { shard.destroy() }

        func lend<Result>(_ text: String, _ body: (Bytes) -> Result) -> Result {
            Array(text.utf8).withBytes(body)
        }

        func set(_ key: String) -> SetValue? {
            lend(key) { shard.find(Key($0, shard.hash($0)), now: 0).map(SetValue.init) }
        }

        func add(_ key: String, _ member: String) {
            let isNew = lend(member) { word in
                var set =
                    set(key)
                    ?? lend(key) {
                        let content = SetContent.create(
                            first: .bytes(word),
                            count: 1,
                            limits,
                            in: shard
                        )
                        return SetValue(Key($0, shard.hash($0)), takingOver: content, in: shard)
                    }
                return set.add(.bytes(word), shard.hash(word), limits)
            }
            #expect(isNew == model[key, default: []].insert(member).inserted)
        }

        func remove(_ key: String, _ member: String) {
            guard var set = set(key) else { return }
            let isRemoved = lend(member) { set.remove(.bytes($0), shard.hash($0)) }
            #expect(isRemoved == (model[key]?.remove(member) != nil))
            set.removeIfEmpty()
        }

        func pop(_ key: String) {
            guard var set = set(key) else { return }
            var popped = ""
            set.pop(&random) { popped = $0.withText { $0.string } }
            #expect(model[key]?.remove(popped) != nil)
            set.removeIfEmpty()
        }

        func members(_ content: SetContent) -> [String] {
            var members: [String] = []
            content.forEach { member in
                members.append(member.withText { $0.string })
                return true
            }
            return members
        }

        func check(_ key: String) {
            let content = set(key)?.content
            let members = content.map(members) ?? []
            let expected = model[key] ?? []
            #expect(members.count == expected.count)
            #expect(Set(members) == expected)
            guard let content else { return }
            #expect(content.isValid)
            #expect(content.count == expected.count)
            for member in members {
                #expect(lend(member) { content.contains(.bytes($0), shard.hash($0)) })
            }
            let place = content.draw(&random)
            #expect(expected.contains(content.member(at: place).withText { $0.string }))
            checkEncoding(content, members)
        }

        private func checkEncoding(_ content: SetContent, _ members: [String]) {
            let isNumeric = members.allSatisfy { Int64($0).map(String.init) == $0 }
            switch content.encoding {
            case .integers:
                #expect(isNumeric && members.count <= limits.setIntegersMax)
            case .pack:
                #expect(members.count <= limits.setPackEntriesMax)
                #expect(members.allSatisfy { $0.utf8.count <= limits.setPackValueMax })
            case .table: break
            }
        }

        func word() -> String {
            switch random.below(8) {
            case 0: String(repeating: "x", count: random.below(24))
            case 1: "0\(random.below(9))"
            case 2: "m\(random.below(30))"
            default: "\(random.below(40) - 8)"
            }
        }
    }

    @Test(arguments: [("1", "integers"), ("m", "pack"), ("a member that is too long", "table")])
    func `a rebuilt table takes a suitable encoding`(prefix: String, name: String) {
        let pair = Pair(seed: 1)
        for number in 0..<40 { pair.add("s", "\(prefix)\(number)") }
        for _ in 0..<32 { pair.pop("s") }
        guard var set = pair.set("s") else { return }
        #expect(set.content.encoding == .table)
        set.remake(pair.limits)
        #expect("\(set.content.encoding)" == name)
        #expect(set.content.isValid)
        let members = pair.set("s").map { pair.members($0.content) } ?? []
        #expect(Set(members) == pair.model["s"])
        pair.add("s", "another")
    }

    @Test func `a set takes one encoding after the other`() {
        let pair = Pair(seed: 1)
        for number in 0..<16 { pair.add("n", "\(number)") }
        #expect(pair.set("n")?.content.encoding == .integers)
        pair.add("n", "16")
        #expect(pair.set("n")?.content.encoding == .table)
        for number in 0..<11 { pair.add("p", "\(number)") }
        pair.add("p", "a")
        #expect(pair.set("p")?.content.encoding == .pack)
        pair.add("p", "b")
        #expect(pair.set("p")?.content.encoding == .table)
        pair.add("l", String(repeating: "a", count: 20))
        #expect(pair.set("l")?.content.encoding == .pack)
        pair.add("l", String(repeating: "a", count: 21))
        #expect(pair.set("l")?.content.encoding == .table)
        for number in 0..<12 { pair.add("q", "\(number)") }
        pair.add("q", "a")
        #expect(pair.set("q")?.content.encoding == .table)
        for key in pair.model.keys { pair.check(key) }
    }

    @Test(arguments: [1, 2, 3, 4])
    func `random steps keep the sets equal to the model`(seed: Int) {
        let pair = Pair(seed: seed, bytes: seed == 4 ? 64 : 20)
        for step in 0..<25_000 {
            let key = "k\(pair.random.below(4))"
            switch pair.random.below(step % 2_000 < 1_200 ? 9 : 14) {
            case 0...5: pair.add(key, pair.word())
            case 6, 7, 9...11: pair.remove(key, pair.word())
            default: pair.pop(key)
            }
            if step % 25 == 0 { pair.check(key) }
        }
    }

    @Test(arguments: [1, 2, 3])
    func `combinations are the same as those of plain sets`(seed: Int) {
        let pair = Pair(seed: seed)
        for round in 0..<400 {
            let count = 1 + pair.random.below(round % 5 == 0 ? 12 : 4)
            var keys: [String] = []
            for index in 0..<count {
                let key = "\(round)-\(index)"
                let (size, kind) = (pair.random.below(120), pair.random.below(3))
                for _ in 0...size / (kind == 2 ? 1 : 8) {
                    let number = pair.random.below(kind == 2 ? 150 : 20)
                    pair.add(key, kind == 0 ? "\(number)" : pair.word())
                }
                keys.append(key)
            }
            check(pair, keys)
            for key in keys {
                if let set = pair.set(key) { pair.shard.remove(set.slot) }
                pair.model[key] = nil
            }
        }
        var budget = Int.max
        while pair.shard.freeSome(budget: &budget) {}
    }

    private func check(_ pair: Pair, _ keys: [String]) {
        let sets = keys.compactMap { pair.set($0)?.content }
        let models = keys.compactMap { pair.model[$0] }
        let first = models[0]
        let rest = models.dropFirst()
        let expected: [(SetCombination.Operation, Set<String>)] = [
            (.union, rest.reduce(first) { $0.union($1) }),
            (.intersection, rest.reduce(first) { $0.intersection($1) }),
            (.difference, rest.reduce(first) { $0.subtracting($1) }),
        ]
        for (operation, wanted) in expected {
            var result: [String] = []
            let combination = SetCombination(operation, sets)
            combination.forEach(in: pair.shard) { member, hash in
                let text = member.withText { $0.string }
                if let hash {
                    #expect(pair.lend(text) { pair.shard.hash($0).bits } == hash.bits)
                }
                result.append(text)
                return true
            }
            #expect(result.count == wanted.count)
            #expect(Set(result) == wanted)
            var seen = 0
            combination.forEach(in: pair.shard) { _, _ in
                seen += 1
                return seen < 3
            }
            #expect(seen == min(3, wanted.count))
        }
    }

    @Test func `a copy in another shard has the same contents`() {
        let pair = Pair(seed: 3)
        let other = Shard()
        defer { other.destroy() }
        for size in [3, 10, 200] {
            let key = "c\(size)"
            for number in 0..<size { pair.add(key, size == 3 ? "\(number)" : "m\(number)") }
            guard let set = pair.set(key) else { continue }
            pair.lend(key) {
                other.insertCopy(of: set.slot, as: Key($0, other.hash($0)), expiry: nil)
            }
            let copy = pair.lend(key) { other.find(Key($0, other.hash($0)), now: 0) }
            let members = copy.map { pair.members(SetValue($0).content) } ?? []
            #expect(Set(members) == pair.model[key])
        }
    }
}
