import Primitives
import Testing

@testable import Structures

@Suite struct MemberTableTests {
    @Test(arguments: [1, 2])
    func `random steps keep the table equal to the model`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var arena = Arena()
        var table = MemberTable()
        var model: Set<String> = []
        for step in 0..<50_000 {
            let length = random.below(50) == 0 ? 300 : 1
            let name = String(repeating: "m", count: length) + "\(random.below(3_000))"
            Array(name.utf8).withBytes { bytes in
                let hash = arena.hasher(bytes)
                let location = table.table.find(bytes, hash, arena)
                #expect((location != nil) == model.contains(name))
                if let location {
                    guard step % 10_000 > 6_000 || random.below(3) == 0 else { return }
                    table.remove(location, &arena)
                    model.remove(name)
                } else if step % 10_000 < 6_000 || random.below(3) == 0 {
                    table.insert(bytes, hash, &arena)
                    model.insert(name)
                }
            }
            #expect(table.count == model.count)
            guard step % 2_500 == 0 else { continue }
            let isValid = table.isValid(arena)
            #expect(isValid)
        }
        var steps = 0
        var isDone = false
        while !isDone {
            var budget = 50
            isDone = table.destroySome(&budget, &arena)
            steps += 1
        }
        let leftBytes = arena.liveBytes
        #expect(leftBytes == 0)
        #expect(steps > model.count / 100)
    }

    @Test(arguments: [0, 1, 31, 32, 33, 1_000])
    func `batches contain every member once, until stopped`(count: Int) {
        var arena = Arena()
        var table = MemberTable()
        for number in 0..<count {
            Array("\(number)".utf8).withBytes { table.insert($0, arena.hasher($0), &arena) }
        }
        var found: [String] = []
        table.forEachBatch(arena) { batch in
            for index in 0..<batch.count {
                let isThere = table.table.mayHold(arena.hasher(batch[index]), arena)
                #expect(isThere)
                found.append(batch[index].string)
            }
            return found.count < 500
        }
        #expect(found.count == Set(found).count)
        #expect(found.count == count || found.count >= 500 && found.count < 532)
    }

    @Test(arguments: [1, 7, 12, 40, 400])
    func `every member is drawn equally often`(count: Int) {
        var random = FastRandom(seed: 7)
        var arena = Arena(hasher: KeyHasher(secret0: 11, secret1: 13))
        var table = MemberTable()
        for number in 0..<count {
            Array("\(number)".utf8).withBytes { table.insert($0, arena.hasher($0), &arena) }
        }
        var draws: [String: Int] = [:]
        for _ in 0..<count * 500 {
            guard let location = table.table.random(arena, &random) else { continue }
            draws[location.entry.key.string, default: 0] += 1
        }
        // 500 draws each: six standard deviations are 134.
        #expect(draws.count == count)
        #expect(draws.values.allSatisfy { abs($0 - 500) < 134 })
    }
}
