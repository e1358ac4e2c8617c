import Primitives
import Testing

@testable import Structures

@Suite struct IDTreeTests {
    /// A tree, and the IDs that it should contain, each with its own block.
    private struct Model: ~Copyable {
        var arena = Arena()
        var tree = IDTree()
        var blocks: [StreamID: Handle] = [:]

        mutating func insert(_ id: StreamID) {
            let handle = arena.allocate(8)
            blocks[id] = handle
            tree.insert(id, handle, &arena)
        }

        mutating func remove(_ id: StreamID) {
            let expected = blocks.removeValue(forKey: id)
            let removed = tree.remove(id, &arena)
            #expect(removed == expected)
            if let removed { arena.free(removed) }
        }

        func check() {
            let isValid = tree.isValid(arena)
            #expect(isValid)
            let count = tree.count
            #expect(count == blocks.count)
            let sorted = blocks.keys.sorted()
            var spot = tree.first(arena)
            for id in sorted {
                let here = spot.map { tree.id($0, arena) }
                #expect(here == id)
                spot = spot.flatMap { tree.next($0, arena) }
            }
            #expect(spot == nil)
            spot = tree.last(arena)
            for id in sorted.reversed() {
                let here = spot.map { tree.id($0, arena) }
                #expect(here == id)
                spot = spot.flatMap { tree.previous($0, arena) }
            }
            #expect(spot == nil)
        }

        func checkSeek(_ id: StreamID) {
            let found = tree.find(id, arena)
            #expect(found == blocks[id])
            let upper = tree.seek(id, arena).map { tree.id($0, arena) }
            #expect(upper == blocks.keys.filter { $0 >= id }.min())
            let lower = tree.seekBack(id, arena).map { tree.id($0, arena) }
            #expect(lower == blocks.keys.filter { $0 <= id }.max())
        }

        mutating func finish() {
            for id in blocks.keys.sorted() { remove(id) }
            check()
            let bytes = arena.liveBytes
            #expect(bytes == 0)
        }
    }

    @Test(arguments: [0, 1, 2, 62, 63, 64, 65, 126, 127, 500, 4_100])
    func `ids in ascending, descending and mixed order are found`(count: Int) {
        for step in [1, -1, 7919] {
            var model = Model()
            for number in 0..<count {
                let place = step > 0 ? number * step % max(count, 1) : count - number
                let id = StreamID(UInt64(place / 3), UInt64(place % 3))
                if model.blocks[id] == nil { model.insert(id) }
            }
            model.check()
            for number in stride(from: 0, through: count, by: max(count / 20, 1)) {
                model.checkSeek(StreamID(UInt64(number / 3), UInt64(number % 3)))
            }
            model.checkSeek(.zero)
            model.checkSeek(.max)
            model.finish()
        }
    }

    @Test(arguments: [1, 2, 63, 64, 126, 500, 4_100, 9_000])
    func `a tree is cut in two at any place`(count: Int) {
        var random = FastRandom(seed: 5)
        for place in [0, 1, 2, 62, 63, 64, count / 3, count / 2, count - 1, count] {
            guard place >= 0, place <= count else { continue }
            var model = Model()
            for number in 0..<count { model.insert(StreamID(UInt64(number), 0)) }
            // Half of the nodes are half empty.
            for _ in 0..<count / 2 { model.remove(StreamID(random.next() % UInt64(count), 0)) }
            let bound = StreamID(UInt64(place), 0)
            let front = model.blocks.filter { $0.key < bound }
            for id in front.keys { model.blocks[id] = nil }
            var other = model.tree.cutFront(below: bound, count: front.count, &model.arena)
            model.check()
            let isValid = other.isValid(model.arena)
            #expect(isValid && other.count == front.count)
            for id in front.keys.sorted().reversed() {
                let handle = other.removeLast(&model.arena)
                #expect(handle == front[id])
                if let handle { model.arena.free(handle) }
            }
            for id in front.keys { model.insert(id) }
            model.check()
            model.finish()
        }
    }

    @Test func `ascending ids fill their leaves`() {
        var model = Model()
        for number in 0..<6_300 { model.insert(StreamID(UInt64(number), 0)) }
        let bytes = model.arena.liveBytes - 6_300 * 8
        // 100 leaves, 2 inner nodes and a root.
        #expect(bytes <= 104 * 1_280)
        model.finish()
    }

    @Test func `a hundred thousand random steps agree with a dictionary`() {
        var random = FastRandom(seed: 7)
        var model = Model()
        for step in 0..<100_000 {
            let spread: UInt64 = step % 20_000 < 10_000 ? 6_000 : 400
            let id = StreamID(random.next() % spread, random.next() % 2)
            if model.blocks[id] == nil, step % 20_000 < 10_000 || random.next() % 3 == 0 {
                model.insert(id)
            } else {
                model.remove(id)
                if let other = model.blocks.keys.first, step % 20_000 >= 10_000 {
                    model.remove(other)
                }
            }
            if step % 5_000 == 0 {
                model.check()
                model.checkSeek(id)
            }
        }
        model.check()
        model.finish()
    }
}
