import Primitives
import Testing

@testable import Structures

@Suite struct UnrolledListTests {
    @Test func `a limit means what it means in Redis`() {
        #expect(ListNodeLimit(setting: -1).bytesMax == 4096)
        #expect(ListNodeLimit(setting: -2).bytesMax == 8192)
        #expect(ListNodeLimit(setting: -5).bytesMax == 65_536)
        #expect(ListNodeLimit(setting: -9).bytesMax == 65_536)
        #expect(ListNodeLimit(setting: 0).countMax == 1)
        #expect(ListNodeLimit(setting: -2, bytesMax: 100).bytesMax == 100)
        #expect(ListNodeLimit(setting: 4, bytesMax: 100).bytesMax == 100)
        #expect(ListNodeLimit(setting: 128).countMax == 128)
        #expect(ListBranch.childrenOffset + ListBranch.capacity * 4 == ListBranch.byteCount)
        #expect(MemoryLayout<UnrolledList>.size == UnrolledList.byteCount)
    }

    @Test func `full nodes waste nothing`() {
        for text in ["tentexts00", "1234567"] {
            var model = ListModel(setting: -2)
            for _ in 0..<20_000 { model.push(text, atFront: false) }
            let size = text.count == 10 ? 10 : 3
            let bytes = model.arena.liveBytes
            #expect(bytes < 20_000 * size * 101 / 100 + 10_000, "\(bytes)")
            model.check()
        }
    }

    @Test(arguments: [-2, 1, 3, 16], [1, 2, 43, 1_764, 5_000])
    func `pushed at either end, elements are found by index`(setting: Int, count: Int) {
        for side in 0..<3 {
            var model = ListModel(setting: setting)
            for number in 0..<count {
                model.push("e\(number)", atFront: side == 0 || side == 1 && number % 2 == 0)
            }
            model.check()
            model.removeEnd(count / 3, atFront: side != 0)
            model.check()
            while model.count > 1 { model.removeEnd(1, atFront: side == 0) }
            model.check()
            model.finish()
        }
    }

    @Test(arguments: [2, 50])
    func `insertions at one position keep nodes filled`(setting: Int) {
        var model = ListModel(setting: setting)
        for number in 0..<10 { model.push("\(number)", atFront: false) }
        for number in 0..<4_000 { model.insert("inserted-\(number)", at: 5) }
        model.check()
        let nodes = model.list.nodeCounts(model.arena).count
        #expect(nodes <= model.count / max(setting / 3, 1))
        model.finish()
    }

    @Test(arguments: [1, 2, 3, 4], [-1, 1, 5])
    func `random steps keep the list equal to the model`(seed: Int, setting: Int) {
        var random = FastRandom(seed: UInt64(seed * 100 + setting + 10))
        var model = ListModel(setting: setting)
        model.push("first", atFront: false)
        for step in 0..<9_000 {
            let isGrowing = step / 1_500 % 2 == 0
            model.step(ListTexts.any(seed, &random), isGrowing: isGrowing, &random)
            if step % 300 == 0 { model.check() }
        }
        model.check()
        model.finish()
    }

    @Test(arguments: [1, 2, 3, 7], [-1, 4, 40])
    func `compressed in the middle, the list equals the model`(depth: Int, setting: Int) {
        var random = FastRandom(seed: UInt64(depth * 100 + setting + 10))
        var model = ListModel(setting: setting, depth: depth)
        for step in 0..<3_000 {
            let isGrowing = step / 1_200 % 2 == 0
            let text = "a text that is much like others \(random.below(60)), is it not"
            model.step(random.below(9) > 0 ? text : "\(step)", isGrowing: isGrowing, &random)
            if step % 200 == 0 { model.check() }
        }
        model.check()
        model.finish()
    }

    @Test(arguments: [1, 2, 5])
    func `as many nodes as requested are plain at each end`(depth: Int) {
        var model = ListModel(setting: 10, depth: depth)
        for number in 0..<300 { model.push("some text, and text: \(number)", atFront: false) }
        #expect(model.compressed == (0..<30).map { $0 >= depth && $0 < 30 - depth })
        let (packed, count) = (model.arena.liveBytes, model.count)
        model.replace(150, "another text than before")
        model.insert("one more in the middle", at: 155)
        #expect(model.compressed.filter { $0 }.count >= 30 - depth * 2)
        model.removeEnd(100, atFront: true)
        model.removeEnd(100, atFront: false)
        model.check()
        #expect(model.compressed.prefix(depth) == Array(repeating: false, count: depth)[...])
        model.finish()
        var plain = ListModel(setting: 10)
        for number in 0..<count { plain.push("some text, and text: \(number)", atFront: false) }
        #expect(packed < plain.arena.liveBytes * 3 / 4)
        #expect(!plain.compressed.contains(true))
    }

    @Test func `nodes that would gain too little are not compressed`() {
        var random = FastRandom(seed: 7)
        var noise = ListModel(setting: 10, depth: 1)
        for _ in 0..<100 {
            let digits = (0..<30).map { _ in "\(random.below(10))" }.joined()
            noise.push(digits, atFront: true)
        }
        noise.check()
        var short = ListModel(setting: 4, depth: 1)
        for _ in 0..<100 { short.push("aaaaaaaaaaa", atFront: false) }
        #expect(!short.compressed.contains(true))
        var long = ListModel(setting: 4, depth: 1)
        for _ in 0..<100 { long.push("aaaaaaaaaaaa", atFront: false) }
        #expect(long.compressed.filter { $0 }.count == 23)
        long.check()
    }

    @Test func `elements larger than nodes are compressed too`() {
        var model = ListModel(setting: -1, depth: 1)
        for number in 0..<8 {
            model.push(String(repeating: "long \(number) ", count: 60_000), atFront: number < 4)
        }
        #expect(model.arena.liveBytes < 2_000_000)
        model.check()
        model.insert(String(repeating: "longer still ", count: 100_000), at: 4)
        #expect(model.arena.liveBytes > 1_300_000 + 2 * 420_000)
        model.check()
        model.removeEnd(3, atFront: true)
        model.removeEnd(3, atFront: false)
        model.check()
        model.finish()
    }

    @Test func `parts that are cut off are freed in slices`() {
        var model = ListModel(setting: 4)
        for number in 0..<30_000 { model.push("element-\(number)", atFront: false) }
        let (bytes, half) = (model.arena.liveBytes, model.count / 2)
        let chain = model.list.removeFirst(half, &model.arena)
        let after = model.arena.liveBytes
        #expect(after > bytes - 10_000)
        var rest = chain
        var slices = 0
        var isDone = false
        while !isDone {
            var budget = 100
            isDone = UnrolledList.freeSome(&rest, &budget, &model.arena)
            slices += 1
        }
        #expect(slices > 30)
        model.texts.removeFirst(half)
        model.check()
        model.finish()
    }

    @Test func `an element larger than a node gets one of its own`() {
        var model = ListModel(setting: -1)
        let large = String(repeating: "L", count: 50_000)
        for number in 0..<600 { model.push("small-\(number)", atFront: false) }
        for index in [600, 300, 0, 17] { model.insert(large, at: index) }
        model.replace(5, large)
        model.check()
        model.removeMatches(large, 9, reversed: false)
        model.check()
        model.finish()
    }

    @Test func `a small list becomes one node, and its copy is equal`() {
        var model = ListModel(setting: -2)
        for number in 0..<20 { model.push("\(number)", atFront: number % 2 == 0) }
        var copy = UnrolledList()
        var location = model.list.locate(0, model.arena)
        repeat {
            let node = model.list.node(location, model.arena)
            copy.append(copyOf: node, &model.arena)
        } while model.list.advance(&location, reversed: false, model.arena)
        let isValid = copy.isValid(model.arena)
        #expect(isValid)
        #expect(copy.texts(model.arena) == model.texts)
        let node = model.list.takeAsNode(&model.arena)
        let texts = ListNode(model.arena.cell(node)).texts
        #expect(texts == model.texts)
    }
}

extension UnrolledList {
    func texts(_ arena: borrowing Arena) -> [String] {
        var texts: [String] = []
        walk(from: 0, limit: .max, reversed: false, arena) {
            texts.append($0.withText { $0.string })
            return true
        }
        return texts
    }

    func nodeCounts(_ arena: borrowing Arena) -> [Int] {
        var counts: [Int] = []
        var location = locate(0, arena)
        repeat {
            counts.append(node(location, arena).count)
        } while advance(
            &location,
            reversed: false,
            arena
        )
        return counts
    }
}

/// A list, and an array with the same texts.
private struct ListModel: ~Copyable {
    var arena = Arena()
    var list: UnrolledList
    var texts: [String] = []
    let limit: ListNodeLimit

    init(setting: Int, depth: Int = 0) {
        limit = ListNodeLimit(setting: setting)
        list = UnrolledList(depth: depth)
    }

    var count: Int { texts.count }

    mutating func push(_ text: String, atFront: Bool) {
        ListTexts.with(text) { list.push($0, atFront: atFront, limit, &arena) }
        texts.insert(text, at: atFront ? 0 : count)
    }

    mutating func insert(_ text: String, at index: Int) {
        ListTexts.with(text) { list.insert($0, at: index, limit, &arena) }
        texts.insert(text, at: index)
    }

    mutating func replace(_ index: Int, _ text: String) {
        ListTexts.with(text) { list.replace(index, with: $0, limit, &arena) }
        texts[index] = text
    }

    mutating func removeEnd(_ removed: Int, atFront: Bool) {
        var chain =
            atFront ? list.removeFirst(removed, &arena) : list.removeLast(removed, &arena)
        var budget = Int.max
        let isDone = UnrolledList.freeSome(&chain, &budget, &arena)
        #expect(isDone)
        if atFront { texts.removeFirst(removed) } else { texts.removeLast(removed) }
    }

    mutating func removeMatches(_ text: String, _ limit: Int, reversed: Bool) {
        let removed = ListTexts.with(text) {
            list.removeMatches($0, limit: limit, reversed: reversed, &arena)
        }
        let expected = texts.removeMatches(text, limit, reversed: reversed)
        #expect(removed == expected)
    }

    /// Whether each node is compressed.
    var compressed: [Bool] {
        var compressed: [Bool] = []
        guard count > 0 else { return [] }
        var location = list.locate(0, arena)
        repeat {
            compressed.append(list.node(location, arena).isCompressed)
        } while list.advance(
            &location,
            reversed: false,
            arena
        )
        return compressed
    }

    /// Takes a random step; lists grow to a few hundred elements.
    mutating func step(_ text: String, isGrowing: Bool, _ random: inout FastRandom) {
        switch random.below(isGrowing ? 10 : 18) {
        case 0...2: push(text, atFront: true)
        case 3, 4: push(text, atFront: false)
        case 5...7: insert(text, at: random.below(count + 1))
        case 8 where count > 0: replace(random.below(count), text)
        case 9 where count > 0:
            let text = texts[random.below(count)]
            removeMatches(text, 1 + random.below(3), reversed: count % 2 == 0)
        case 10 where count > 4: removeEnd(random.below(count), atFront: count % 2 == 0)
        case 11... where count > 1: removeEnd(1, atFront: random.below(2) == 0)
        default: push(text, atFront: random.below(2) == 0)
        }
    }

    func check() {
        let isValid = list.isValid(arena)
        #expect(isValid)
        #expect(list.count == count)
        #expect(list.texts(arena) == texts)
        guard count > 0 else { return }
        var backwards: [String] = []
        list.walk(from: count - 1, limit: .max, reversed: true, arena) {
            backwards.append($0.withText { $0.string })
            return true
        }
        #expect(backwards == texts.reversed())
        let (start, limit) = (count / 3, count / 2)
        var runs: [String] = []
        list.forEachRun(from: start, limit: limit, arena) { runs += $0.texts }
        #expect(runs == Array(texts[start...].prefix(limit)))
        for index in stride(from: 0, to: count, by: count / 50 + 1) {
            let text = list.element(index, arena).withText { $0.string }
            #expect(text == texts[index])
        }
        var matches: [Int] = []
        let sought = texts[count / 2]
        ListTexts.with(sought) { item in
            list.forEachMatch(item, limit: .max, reversed: true, arena) {
                matches.append($0)
                return true
            }
        }
        #expect(matches == texts.indices.filter { texts[$0] == sought }.reversed())
    }

    /// Frees the list; nothing may be left.
    mutating func finish() {
        var budget = Int.max
        let isDone = list.freeSome(&budget, &arena)
        #expect(isDone)
        let bytes = arena.liveBytes
        #expect(bytes == 0)
    }
}
