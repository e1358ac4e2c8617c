import Primitives
import Testing

@testable import Structures

@Suite struct SortedPackTests {
    @Test func `scores take as many bytes as they need and read back the same`() {
        let cases: [(Double, Int)] = [
            (0, 1), (127, 1), (-128, 1), (128, 2), (-32_768, 2), (32_768, 3),
            (-8_388_608, 3), (8_388_608, 4), (2_147_483_647, 4), (2_147_483_648, 5), (1e12, 6),
            (-1e15, 7), (9_007_199_254_740_992, 7), (1e18, 8), (-1e18, 8), (0.5, 8), (-0.0, 1),
            (.infinity, 8), (-.infinity, 8), (1e300, 8),
        ]
        for (score, width) in cases {
            var arena = Arena()
            var handle = SortedPack.create(1, &arena)
            let empty = SortedPack(arena.cell(handle)).byteCount
            handle = SortedPack.insert(Bytes("m"), score, handle, &arena)
            let pack = SortedPack(arena.cell(handle))
            #expect(pack.byteCount == empty + 2 + width)
            let found = pack.find(Bytes("m"))?.item.score
            #expect(found?.bitPattern == (score + 0.0).bitPattern)
        }
    }

    @Test(arguments: [0, 1, 29, 30, 31, 64, 255, 256, 70_000])
    func `members of any length are found`(length: Int) {
        var arena = Arena()
        var handle = SortedPack.create(length, &arena)
        let member = [UInt8](repeating: 0x61, count: length)
        handle = SortedPack.insert(Bytes("zz"), 2, handle, &arena)
        member.withBytes { handle = SortedPack.insert($0, 1, handle, &arena) }
        handle = SortedPack.insert(Bytes("yy"), 0, handle, &arena)
        let pack = SortedPack(arena.cell(handle))
        let rank = member.withBytes { pack.find($0)?.rank }
        #expect(rank == 1)
        #expect(pack.isValid)
        #expect(pack.select(2)?.member.string == "zz")
        #expect(pack.select(3) == nil)
    }

    @Test(arguments: [1, 2, 3])
    func `random steps keep the pack equal to the model`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var arena = Arena()
        var handle = SortedPack.create(4, &arena)
        var model: [String: Double] = [:]
        for step in 0..<12_000 {
            let name = "m\(random.below(step % 4_000 < 2_000 ? 300 : 100))"
            let score = Double(random.below(50)) * [1, 1_000, 0.5][seed - 1]
            let bytes = Array(name.utf8)
            bytes.withBytes { bytes in
                let found = SortedPack(arena.cell(handle)).find(bytes)
                #expect(found?.item.score == model[name])
                if let found, random.below(3) == 0 {
                    handle = SortedPack.remove(found.rank..<found.rank + 1, handle, &arena)
                    model[name] = nil
                } else if let found {
                    handle = SortedPack.update(found.item, score: score, handle, &arena)
                    model[name] = score
                } else {
                    handle = SortedPack.insert(bytes, score, handle, &arena)
                    model[name] = score
                }
            }
            let pack = SortedPack(arena.cell(handle))
            #expect(pack.count == model.count)
            if step % 100 == 0 { check(pack, model) }
        }
        handle = SortedPack.remove(
            0..<SortedPack(arena.cell(handle)).count,
            handle,
            &arena
        )
        let emptied = SortedPack(arena.cell(handle)).count
        #expect(emptied == 0)
    }

    private func check(_ pack: SortedPack, _ model: [String: Double]) {
        #expect(pack.isValid)
        let expected = model.sorted { left, right in
            left.value == right.value ? left.key < right.key : left.value < right.value
        }
        for (from, limit) in [(0, Int.max), (pack.count / 2, 5), (pack.count - 1, Int.max)] {
            for reversed in [false, true] {
                var names: [String] = []
                pack.walk(from: from, limit: limit, reversed: reversed) { member, _ in
                    names.append(member.string)
                    return true
                }
                let whole =
                    reversed
                    ? Array(expected[...max(from, 0)].reversed()) : Array(expected[from...])
                #expect(names == whole.prefix(limit).map(\.key))
            }
        }
        let below = expected.count { $0.value < 10 }
        #expect(pack.rank(OrderedBound(score: 10, after: false)) == below)
    }
}
