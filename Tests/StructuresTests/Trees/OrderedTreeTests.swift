import Primitives
import Testing

@testable import Structures

@Suite struct OrderedTreeTests {
    @Test func `an empty tree has no members and no memory`() {
        let arena = Arena()
        let tree = OrderedTree()
        #expect(tree.count == 0)
        let spot = tree.select(0, arena)
        #expect(spot == nil)
        let sought = tree.seek(OrderedBound(score: 0, after: false), arena)
        #expect(sought == nil)
        let isValid = tree.isValid(arena)
        #expect(isValid)
    }

    @Test func `nodes fill their blocks exactly`() {
        #expect(LeafNode.handlesOffset + LeafNode.capacity * 4 == LeafNode.byteCount)
        #expect(LeafNode.digestsOffset + LeafNode.capacity * 2 == LeafNode.handlesOffset)
        #expect(InnerNode.membersOffset + InnerNode.capacity * 4 == InnerNode.byteCount)
        #expect(InnerNode.scoresOffset + InnerNode.capacity * 8 == InnerNode.childrenOffset)
    }

    @Test(arguments: [1, 2, 79, 80, 81, 160, 161, 3_000, 5_000], [1.0, -1.0, 0.0])
    func `members in order, in reverse and with equal scores keep their ranks`(
        count: Int,
        step: Double
    ) {
        var model = TreeModel()
        for number in 0..<count { model.insert("member:\(number)", Double(number) * step) }
        model.check()
        model.checkOrder()
        for number in 0..<count { model.remove("member:\(number * 7919 % count)") }
        model.check()
        model.finish()
    }

    @Test func `members added in order fill their leaves`() {
        var model = TreeModel()
        for number in 0..<8_000 { model.insert("m\(number)", Double(number)) }
        // 102 leaves and 4 inner nodes; a tree that splits nodes in the middle has twice as many.
        let treeBytes = model.arena.liveBytes - model.entryBytes
        #expect(treeBytes < 112 * LeafNode.byteCount)
        model.finish()
    }

    @Test func `bounds by score and by member are where the model says`() {
        var model = TreeModel()
        for number in 0..<700 {
            model.insert("k\(number * 37 % 700)", Double(number / 50))
        }
        for score in stride(from: -1.0, through: 15.0, by: 0.5) {
            model.checkSeek(OrderedBound(score: score, after: false)) { $0.score < score }
            model.checkSeek(OrderedBound(score: score, after: true)) { $0.score <= score }
        }
        model.checkSeek(OrderedBound(score: .infinity, after: true)) { _ in true }
        model.checkSeek(OrderedBound(score: -.infinity, after: false)) { _ in false }
        model.finish()

        var equal = TreeModel()
        for number in 0..<500 { equal.insert("k\(number * 37 % 500)", 3) }
        for text in ["", "k", "k1", "k10", "k100", "k25", "k499", "k5", "k99", "k999", "z"] {
            let bytes = Array(text.utf8)
            bytes.withBytes { bytes in
                equal.checkSeek(OrderedBound(member: bytes, after: false)) { $0.name < text }
                equal.checkSeek(OrderedBound(member: bytes, after: true)) { $0.name <= text }
            }
        }
        equal.finish()
    }

    @Test func `unusual scores are ordered as numbers`() {
        var model = TreeModel()
        let scores: [Double] = [
            .infinity, -.infinity, 0, -0.0, 1e308, -1e308, .leastNonzeroMagnitude,
            -.leastNonzeroMagnitude, 1, 1.0.nextUp,
            1.0.nextDown, 9_007_199_254_740_992, -1,
        ]
        for (index, score) in scores.enumerated() {
            for copy in 0..<30 { model.insert("m\(index):\(copy)", score) }
        }
        model.check()
        model.checkOrder()
        for (index, score) in scores.enumerated() {
            for copy in 0..<30 { model.update("m\(index):\(copy)", -score) }
        }
        model.check()
        model.checkOrder()
        model.finish()
    }

    @Test(arguments: [1, 2, 3, 4])
    func `random steps keep the tree equal to the model`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var model = TreeModel()
        // Equal scores, few different ones, many, and scores of all magnitudes.
        let spread = [1, 40, 1_000_000, 1_000_000_000][seed - 1]
        for phase in 0..<5 {
            let growing = phase % 2 == 0
            for step in 0..<5_000 {
                let name = "member-\(random.below(9_000))"
                var score = Double(random.below(spread))
                if seed == 4 { score = score * score * score - 1e20 }
                switch random.below(10) {
                case 0..<(growing ? 6 : 2): model.upsert(name, score)
                case 6, 7: model.nudge(random.below(10_000), by: Double(random.below(3)) - 1)
                default: model.removeAny(random.below(10_000))
                }
                if step % 500 == 0 { model.check() }
            }
            model.checkOrder()
        }
        model.checkRanks(&random)
        model.finish()
    }

    @Test func `walks go both ways and stop on request`() {
        var model = TreeModel()
        for number in 0..<1_000 { model.insert("w\(number)", Double(number * 31 % 1_000)) }
        for start in [0, 1, 79, 80, 500, 998, 999] {
            for limit in [0, 1, 5, 200, 2_000] {
                model.checkWalk(start, limit, reversed: false)
                model.checkWalk(start, limit, reversed: true)
            }
        }
        model.finish()
    }

    @Test func `a tree is freed in slices, its entries with it`() {
        var model = TreeModel()
        for number in 0..<4_000 { model.insert("f\(number)", Double(number * 31 % 4_000)) }
        var slices = 0
        while true {
            var budget = 100
            let done = model.tree.destroySome(&budget, &model.arena)
            slices += 1
            // The ancestors of a leaf that becomes empty are freed with it.
            #expect(budget >= -4)
            if done { break }
        }
        #expect(slices > 38)
        let liveBytes = model.arena.liveBytes
        #expect(liveBytes == 0)
    }
}

/// A tree, and a sorted array of the same members.
private struct TreeModel: ~Copyable {
    struct Item: Equatable {
        var score: Double
        var name: String
        var handle: Handle

        static func precedes(_ left: Item, _ right: Item) -> Bool {
            left.score == right.score
                ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
                : left.score < right.score
        }
    }

    var arena = Arena()
    var tree = OrderedTree()
    var handles: [String: Handle] = [:]
    var items: [Item] = []
    var entryBytes = 0

    private func place(_ item: Item) -> Int {
        var lower = 0
        var upper = items.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if Item.precedes(items[middle], item) { lower = middle + 1 } else { upper = middle }
        }
        return lower
    }

    mutating func insert(_ name: String, _ score: Double) {
        let handle = Array(name.utf8).withBytes { key in
            let handle = arena.allocate(
                Entry.byteCount(key: key.count, hasWord: true, payload: 0)
            )
            Entry(arena.cell(handle)).write(
                kind: .member,
                encoding: 0,
                word: score.bitPattern,
                key: key
            )
            return handle
        }
        entryBytes += arena.capacity(handle)
        handles[name] = handle
        let item = Item(score: score, name: name, handle: handle)
        items.insert(item, at: place(item))
        tree.insert(handle, &arena)
    }

    mutating func upsert(_ name: String, _ score: Double) {
        if handles[name] == nil { insert(name, score) } else { update(name, score) }
    }

    mutating func update(_ name: String, _ score: Double) {
        guard let handle = handles[name] else { return }
        let old = Entry(arena.cell(handle)).score
        let index = place(Item(score: old, name: name, handle: handle))
        let item = Item(score: score, name: name, handle: items.remove(at: index).handle)
        items.insert(item, at: place(item))
        tree.update(handle, score: score, &arena)
    }

    mutating func nudge(_ index: Int, by change: Double) {
        guard !items.isEmpty else { return }
        let item = items[index % items.count]
        update(item.name, item.score + change)
    }

    mutating func removeAny(_ index: Int) {
        guard !items.isEmpty else { return }
        remove(items[index % items.count].name)
    }

    mutating func remove(_ name: String) {
        guard let handle = handles.removeValue(forKey: name) else { return }
        let score = Entry(arena.cell(handle)).score
        items.remove(at: place(Item(score: score, name: name, handle: handle)))
        tree.remove(handle, &arena)
        entryBytes -= arena.capacity(handle)
        arena.free(handle)
    }

    func check() {
        let isValid = tree.isValid(arena)
        #expect(isValid)
        #expect(tree.count == items.count)
    }

    func checkOrder() {
        guard let spot = tree.select(0, arena) else { return #expect(items.isEmpty) }
        var names: [String] = []
        tree.walk(from: spot, limit: .max, reversed: false, arena) { entry in
            names.append(entry.key.string)
            return true
        }
        #expect(names == items.map(\.name))
    }

    func checkRanks(_ random: inout FastRandom) {
        for _ in 0..<300 where !items.isEmpty {
            let rank = random.below(items.count)
            let found = tree.rank(of: items[rank].handle, arena)
            #expect(found == rank)
            let spot = tree.select(rank, arena)
            let handle = spot.map { tree.handle(at: $0, arena) }
            #expect(handle == items[rank].handle)
        }
    }

    func checkSeek(_ bound: OrderedBound, _ isBefore: (Item) -> Bool) {
        let expected = items.firstIndex { !isBefore($0) }
        let spot = tree.seek(bound, arena)
        #expect(spot?.rank == expected)
        if let spot, let expected {
            let handle = tree.handle(at: spot, arena)
            #expect(handle == items[expected].handle)
        }
    }

    func checkWalk(_ start: Int, _ limit: Int, reversed: Bool) {
        guard let spot = tree.select(start, arena) else { return }
        var names: [String] = []
        tree.walk(from: spot, limit: limit, reversed: reversed, arena) { entry in
            names.append(entry.key.string)
            return names.count < 300
        }
        let whole = reversed ? items[...start].reversed() : Array(items[start...])
        #expect(names == whole.prefix(min(limit, 300)).map(\.name))
    }

    mutating func finish() {
        while let item = items.last { remove(item.name) }
        #expect(tree.count == 0)
        let liveBytes = arena.liveBytes
        #expect(liveBytes == 0)
    }
}
