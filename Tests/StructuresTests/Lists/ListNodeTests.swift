import Primitives
import Testing

@testable import Structures

@Suite struct ListNodeTests {
    @Test func `strings of equal length and numbers have no overhead`() {
        var model = NodeModel()
        for number in 0..<100 { model.insert("text-\(number % 10)", at: number) }
        #expect(model.node.form == .strings)
        #expect(model.node.usedBytes == 600)
        var numbers = NodeModel()
        for number in 0..<100 { numbers.insert("\(number)", at: number) }
        #expect(numbers.node.usedBytes == 100)
        numbers.insert("32767", at: 50)
        #expect(numbers.node.form == .numbers)
        #expect(numbers.node.usedBytes == 202)
        model.check()
        numbers.check()
    }

    @Test func `a form that no longer fits is replaced`() {
        for odd in ["", "x", "12", "-5", "a longer text", String(repeating: "y", count: 70_000)] {
            for index in [0, 10, 20] {
                var model = NodeModel()
                for number in 0..<20 { model.insert("text-\(number % 10)", at: number) }
                model.insert(odd, at: index)
                #expect(model.node.form == .mixed)
                model.check()
            }
        }
        // A few small numbers are widened for a single large one; many are not.
        var model = NodeModel()
        for number in 0..<20 { model.insert("\(number)", at: number) }
        model.insert("\(Int64.min)", at: 3)
        #expect(model.node.form == .mixed)
        model.check()
        var few = NodeModel()
        for number in [30_000, -8_000_000, 2_000_000_000] { few.insert("\(number)", at: 0) }
        #expect(few.node.form == .numbers)
        few.check()
    }

    @Test(arguments: [0, 1, 63, 64, 126, 127, 128, 4_095, 4_096, 16_381, 16_400, 70_000])
    func `strings of any length read both ways`(length: Int) {
        var model = NodeModel()
        model.insert("a", at: 0)
        model.insert(String(repeating: "b", count: length), at: 1)
        model.insert("7", at: 2)
        model.insert(String(repeating: "c", count: length), at: 0)
        model.check()
        model.remove(1..<3)
        model.check()
    }

    @Test(arguments: [false, true])
    func `pushing at one end and popping at the other moves few bytes`(atFront: Bool) {
        var model = NodeModel()
        for number in 0..<300 { model.insert("element:\(100 + number)", at: atFront ? 0 : number) }
        let capacity = model.arena.capacity(model.handle)
        for number in 0..<5_000 {
            model.insert("element:\(100 + number % 900)", at: atFront ? 0 : model.count)
            model.remove(atFront ? model.count - 1..<model.count : 0..<1)
        }
        #expect(model.arena.capacity(model.handle) <= capacity + capacity / 4)
        model.check()
    }

    @Test(arguments: [1, 2, 3])
    func `random steps keep the node equal to the model`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var model = NodeModel()
        for step in 0..<12_000 {
            let text = ListTexts.any(seed, &random)
            let count = model.count
            switch random.below(12) {
            case 0, 1: model.insert(text, at: 0)
            case 2, 3: model.insert(text, at: count)
            case 4, 5: model.insert(text, at: random.below(count + 1))
            case 6 where count > 0: model.replace(random.below(count), text)
            case 7 where count > 0: model.remove(0..<1)
            case 8 where count > 0: model.remove(count - 1..<count)
            case 9:
                let lower = random.below(count + 1)
                model.remove(lower..<min(lower + random.below(6), count))
            case 10: model.removeMatches(text, random.below(3), reversed: step % 2 == 0)
            default: model.fit()
            }
            if model.count > 150 { model.remove(0..<random.below(150)) }
            if step % 20 == 0 { model.check() }
        }
        model.check()
    }

    @Test func `a node is split where requested, or in the middle`() {
        for isMixed in [false, true] {
            for index in [1, 7, 19] {
                var model = NodeModel()
                for number in 0..<20 { model.insert("text-\(number % 10)", at: number) }
                if isMixed { model.replace(3, "odd") }
                let (left, right) = ListNode.split(model.handle, at: index, &model.arena)
                let first = ListNode(model.arena.cell(left)).texts
                let second = ListNode(model.arena.cell(right)).texts
                #expect(first + second == model.texts)
                #expect(first.count == index)
            }
        }
    }
}

/// Texts for lists: of one length, numbers, or anything.
enum ListTexts {
    static func any(_ kind: Int, _ random: inout FastRandom) -> String {
        switch (kind, random.below(40)) {
        case (1, 1...): return "text-\(random.below(10))"
        case (2, 1...): return String(Int64(bitPattern: random.next()) >> Int64(random.below(64)))
        case (_, 0): return String(repeating: "z", count: random.below(300))
        case (_, 1...12): return "\(random.below(400) - 100)"
        case (_, 13): return ""
        case (_, 14): return "-0"
        default: return String(repeating: "q", count: random.below(14))
        }
    }

    static func with<Result>(_ text: String, _ body: (PackItem) -> Result) -> Result {
        Array(text.utf8).withBytes { body(PackItem(encoding: $0)) }
    }
}

extension ListNode {
    var texts: [String] {
        var texts: [String] = []
        walk(from: 0, limit: .max, reversed: false) {
            texts.append($0.withText { $0.string })
            return true
        }
        return texts
    }
}

/// A node, and an array with the same texts.
private struct NodeModel: ~Copyable {
    var arena = Arena()
    var handle: Handle
    var texts: [String] = []

    init() { handle = ListNode.create(room: 1, &arena) }

    var node: ListNode { ListNode(arena.cell(handle)) }
    var count: Int { texts.count }

    mutating func insert(_ text: String, at index: Int) {
        handle = ListTexts.with(text) { ListNode.insert($0, at: index, handle, &arena) }
        texts.insert(text, at: index)
    }

    mutating func replace(_ index: Int, _ text: String) {
        let isDone = ListTexts.with(text) { node.replace(index, with: $0) }
        if isDone {
            texts[index] = text
        } else {
            insert(text, at: index)
            remove(index + 1..<index + 2)
        }
    }

    mutating func remove(_ range: Range<Int>) {
        node.remove(range)
        texts.removeSubrange(range)
    }

    mutating func removeMatches(_ text: String, _ limit: Int, reversed: Bool) {
        let removed = ListTexts.with(text) {
            node.removeMatches($0, limit: limit, reversed: reversed)
        }
        let expected = texts.removeMatches(text, limit, reversed: reversed)
        #expect(removed == expected)
    }

    mutating func fit() { handle = ListNode.fit(handle, &arena) }

    func check() {
        let isValid = node.isValid(capacity: arena.capacity(handle))
        #expect(isValid)
        #expect(node.texts == texts)
        var backwards: [String] = []
        if count > 0 {
            node.walk(from: count - 1, limit: .max, reversed: true) {
                backwards.append($0.withText { $0.string })
                return true
            }
        }
        #expect(backwards == texts.reversed())
        for (start, limit) in [(0, count), (count / 3, count / 2), (count, 1)] {
            var runs: [String] = []
            node.forEachRun(from: start, limit: limit) { runs += $0.texts }
            #expect(runs == Array(texts[start...].prefix(limit)))
        }
    }
}

extension ListNode.Run {
    var texts: [String] {
        switch self {
        case .item(let item): return [item.withText { $0.string }]
        case .strings(let bytes, let width):
            return stride(from: 0, to: bytes.count, by: width).map {
                bytes[$0..<$0 + width].string
            }
        }
    }
}

extension Array where Element == String {
    /// Like `ListNode.removeMatches`.
    mutating func removeMatches(_ text: String, _ limit: Int, reversed: Bool) -> Int {
        var matches = indices.filter { self[$0] == text }
        if reversed { matches.reverse() }
        let removed = matches.prefix(limit).sorted()
        for index in removed.reversed() { remove(at: index) }
        return removed.count
    }
}
