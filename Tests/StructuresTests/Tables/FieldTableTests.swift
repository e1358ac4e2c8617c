import Primitives
import Testing

@testable import Structures

@Suite struct FieldTableTests {
    @Test(arguments: [1, 2])
    func `random steps keep the table equal to the model`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var arena = Arena()
        var table = FieldTable()
        var model: [String: Int64?] = [:]
        var now = Clock.unixMilliseconds()
        for step in 0..<50_000 {
            let name = "field \(random.below(step < 25_000 ? 3_000 : 60))"
            let expiry: Int64? = random.below(2) == 0 ? now + Int64(random.below(50_000)) : nil
            Array(name.utf8).withBytes { bytes in
                let hash = arena.hasher(bytes)
                let location = table.table.find(bytes, hash, arena)
                #expect((location == nil) == (model[name] == nil))
                guard let location else {
                    let new = table.insert(
                        bytes,
                        hash,
                        encoding: 1,
                        expiry: expiry,
                        payload: 8,
                        &arena
                    )
                    new.entry.integer = Int64(step)
                    return model[name] = .some(expiry)
                }
                switch random.below(4) {
                case 0:
                    let target = table.rebuild(
                        location,
                        encoding: 1,
                        expiry: expiry,
                        payload: 8,
                        &arena
                    )
                    target.entry.integer = Int64(step)
                    model[name] = .some(expiry)
                case 1:
                    table.setExpiry(location, expiry, &arena)
                    model[name] = .some(expiry)
                default:
                    table.remove(location, &arena)
                    model[name] = nil
                }
            }
            now += 3
            if step % 50 == 0 { expire(&table, now, &model, &arena, &random) }
            if step % 500 == 0 {
                let isValid = table.isValid(arena)
                #expect(isValid)
            }
        }
        let isValid = table.isValid(arena)
        #expect(isValid)
        var budget = Int.max
        var freed = 0
        let isDone = table.destroySome(&budget, &arena) { _ in freed += 1 }
        #expect(isDone)
        #expect(freed == model.count)
        #expect(arena.liveBytes == 0)
    }

    /// Removes expired fields in slices, and expects exactly those to be removed.
    private func expire(
        _ table: inout FieldTable,
        _ now: Int64,
        _ model: inout [String: Int64?],
        _ arena: inout Arena,
        _ random: inout FastRandom
    ) {
        var slices = 0
        while let due = table.volatileCount > 0 ? table.earliest : nil, due <= now {
            var budget = random.below(9) + 1
            let limit = budget
            var announced = 0
            let removed = table.removeDue(now, &budget, &arena) { entry in
                announced += 1
                #expect(entry.isDue(now))
            }
            #expect(removed == announced && removed <= limit && budget == limit - removed)
            slices += 1
            guard slices < 100_000 else {
                Issue.record("expiry does not end")
                break
            }
        }
        model = model.filter { $0.value.map { $0 > now } ?? true }
        let count = table.count
        #expect(count == model.count)
    }

    @Test func `a large table is freed in slices`() {
        var arena = Arena()
        var table = FieldTable()
        for number in 0..<10_000 {
            Array("f\(number)".utf8).withBytes {
                let location = table.insert(
                    $0,
                    arena.hasher($0),
                    encoding: 1,
                    expiry: nil,
                    payload: 8,
                    &arena
                )
                location.entry.integer = 0
            }
        }
        var slices = 0
        var budget = 0
        repeat {
            budget = 100
            slices += 1
            // All entries of a chain are removed together.
        } while !table.destroySome(&budget, &arena) { _ in }
        #expect(slices > 100 && slices < 200)
        #expect(budget > -100)
        #expect(arena.liveBytes == 0)
    }
}
