import Primitives
import Testing

@testable import Structures

@Suite struct FieldPackTests {
    private struct Model {
        var fields: [(name: String, value: String?, expiry: Int64?)] = []

        /// Where to insert a field with `expiry`.
        func place(_ expiry: Int64?) -> Int {
            guard let expiry else { return fields.count }
            return fields.firstIndex { $0.expiry.map { $0 > expiry } ?? true } ?? fields.count
        }
    }

    @Test(arguments: [false, true], [1, 2])
    func `random steps keep the pack equal to the model`(isVolatile: Bool, seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var arena = Arena()
        var handle = Pack.create(8, &arena)
        var model = Model()
        for step in 0..<20_000 {
            let name = "f\(random.below(60))"
            let value = random.below(3) == 0 ? "\(random.below(70_000))" : "text \(step)"
            let isNull = random.below(4) == 0
            let expiry: Int64? =
                isVolatile && random.below(3) > 0
                ? Int64(random.below(300) + 1) << Int64(random.below(30)) : nil
            let pack = FieldPack(arena.cell(handle), isVolatile: isVolatile)
            let place = model.fields.firstIndex { $0.name == name }
            Array(name.utf8).withBytes { nameBytes in
                Array(value.utf8).withBytes { valueBytes in
                    let found = pack.find(nameBytes)
                    #expect((found == nil) == (place == nil))
                    let item = PackItem(encoding: valueBytes)
                    guard let found, let place else {
                        handle = pack.insert(
                            PackItem(encoding: nameBytes),
                            isNull ? nil : item,
                            expiry,
                            handle,
                            &arena
                        )
                        let field = (name: name, value: isNull ? nil : value, expiry: expiry)
                        model.fields.insert(field, at: model.place(expiry))
                        return
                    }
                    switch random.below(4) {
                    case 0:
                        handle = pack.replace(found, value: item, handle, &arena)
                        model.fields[place].value = value
                    case 1 where isVolatile:
                        handle = pack.setExpiry(found, expiry, handle, &arena)
                        // The field itself is still counted when its new position is computed.
                        let target = model.place(expiry)
                        let old = model.fields.remove(at: place)
                        model.fields.insert(
                            (name, old.value, expiry),
                            at: target > place ? target - 1 : target
                        )
                    case 2 where isVolatile && random.below(20) == 0:
                        let now = Int64(random.below(300))
                        let due = pack.dueCount(now)
                        handle = pack.removeFirst(due, handle, &arena)
                        model.fields.removeAll { $0.expiry.map { $0 <= now } ?? false }
                    default:
                        handle = pack.remove(found, handle, &arena)
                        model.fields.remove(at: place)
                    }
                }
            }
            if step % 20 == 0 { expect(handle, isVolatile, holds: model, arena) }
        }
        arena.free(handle)
        #expect(arena.liveBytes == 0)
    }

    private func expect(
        _ handle: Handle,
        _ isVolatile: Bool,
        holds model: Model,
        _ arena: borrowing Arena
    ) {
        let pack = FieldPack(arena.cell(handle), isVolatile: isVolatile)
        #expect(pack.isValid)
        #expect(pack.count == model.fields.count)
        #expect(pack.earliest == model.fields.first?.expiry)
        var index = 0
        pack.forEach { field in
            let expected = model.fields[index]
            let name = field.name.withText { $0.string }
            let value = field.value?.withText { $0.string }
            #expect(name == expected.name && value == expected.value)
            #expect(field.expiry == expected.expiry)
            index += 1
            return true
        }
    }

    @Test func `null is no empty string`() {
        var arena = Arena()
        var handle = Pack.create(8, &arena)
        for (name, value) in [("a", PackItem.bytes(Bytes())), ("b", nil), ("c", .integer(7))] {
            Array(name.utf8).withBytes {
                let pack = FieldPack(arena.cell(handle), isVolatile: false)
                handle = pack.insert(.bytes($0), value, nil, handle, &arena)
            }
        }
        func lengths(_ isVolatile: Bool) -> [Int?] {
            var lengths: [Int?] = []
            FieldPack(arena.cell(handle), isVolatile: isVolatile).forEach { field in
                lengths.append(field.value?.textCount)
                return true
            }
            return lengths
        }
        #expect(lengths(false) == [0, nil, 1])
        handle = FieldPack(arena.cell(handle), isVolatile: false).makeVolatile(handle, &arena)
        #expect(lengths(true) == [0, nil, 1])
        let pack = FieldPack(arena.cell(handle), isVolatile: true)
        guard let null = pack.find(Bytes("b")) else {
            Issue.record("the field is there")
            return
        }
        handle = pack.replace(null, value: .bytes(Bytes()), handle, &arena)
        #expect(lengths(true) == [0, 0, 1])
    }

    @Test func `making room for expiries keeps the fields`() {
        var arena = Arena()
        var handle = Pack.create(8, &arena)
        for number in 0..<600 {
            Array("field \(number)".utf8).withBytes {
                let pack = FieldPack(arena.cell(handle), isVolatile: false)
                handle = pack.insert(.bytes($0), .integer(Int64(number)), nil, handle, &arena)
            }
        }
        handle = FieldPack(arena.cell(handle), isVolatile: false).makeVolatile(handle, &arena)
        let pack = FieldPack(arena.cell(handle), isVolatile: true)
        #expect(pack.isValid)
        #expect(pack.count == 600)
        #expect(pack.earliest == nil)
        var number: Int64 = 0
        pack.forEach { field in
            let value = field.value?.withText { $0.string }
            #expect(value == "\(number)")
            #expect(field.expiry == nil)
            number += 1
            return true
        }
    }
}
