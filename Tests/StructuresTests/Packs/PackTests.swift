import Primitives
import Testing

@testable import Structures

@Suite struct PackTests {
    @Test func `a number takes the fewest bytes and prints unchanged`() {
        let cases: [(Int64, Int)] = [
            (0, 1), (63, 1), (64, 2), (127, 2), (-1, 2), (-128, 2), (128, 3), (-129, 3),
            (32_767, 3), (32_768, 4), (-8_388_608, 4), (8_388_608, 5), (.max, 9), (.min, 9),
            (1 << 39, 7), ((1 << 39) - 1, 6), (-(1 << 47), 7),
        ]
        for (number, size) in cases {
            var arena = Arena()
            var handle = Pack.create(1, &arena)
            handle = Pack.insert(.integer(number), at: Pack.start, handle, &arena)
            let pack = Pack(arena.cell(handle))
            #expect(pack.byteCount == Pack.start + size, "\(number)")
            let text = pack.read(Pack.start).item.withText { $0.string }
            #expect(text == String(number))
            #expect(pack.isValid)
        }
    }

    @Test(arguments: [0, 1, 20, 127, 128, 4_095, 4_096, 70_000])
    func `a string of any length is found`(length: Int) {
        var arena = Arena()
        var handle = Pack.create(4, &arena)
        let text = [UInt8](repeating: 0x61, count: length)
        handle = Pack.insert(.bytes(Bytes("zz")), at: Pack.start, handle, &arena)
        text.withBytes { handle = Pack.insert(.bytes($0), at: Pack.start, handle, &arena) }
        handle = Pack.insert(.integer(5), at: Pack.start, handle, &arena)
        let pack = Pack(arena.cell(handle))
        let place = text.withBytes { pack.find(.bytes($0)) }
        #expect(place == pack.offset(1))
        #expect(pack.find(.bytes(Bytes("zz"))) == pack.offset(2))
        #expect(pack.find(.bytes(Bytes("zz")), step: 2) == pack.offset(2))
        #expect(pack.find(.bytes(Bytes("zy"))) == nil)
        #expect(pack.find(.integer(5), step: 2) == pack.offset(0))
        #expect(pack.find(.integer(6)) == nil)
        #expect(pack.isValid)
    }

    @Test(arguments: [1, 2, 3])
    func `random steps keep the pack equal to the model`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var arena = Arena()
        var handle = Pack.create(4, &arena)
        var model: [String] = []
        for step in 0..<30_000 {
            let text = PackTests.text(&random)
            let pack = Pack(arena.cell(handle))
            let index = random.below(model.count + 1)
            Array(text.utf8).withBytes { bytes in
                let item = PackItem(encoding: bytes)
                let found = pack.find(item)
                #expect(found == model.firstIndex(of: text).map(pack.offset))
                switch random.below(model.count > 120 ? 6 : 3) {
                case 0, 1:
                    handle = Pack.insert(item, at: pack.offset(index), handle, &arena)
                    model.insert(text, at: index)
                case 2 where index < model.count:
                    handle = Pack.replace(pack.offset(index), with: item, handle, &arena)
                    model[index] = text
                case 3... where index < model.count:
                    let count = random.below(min(model.count - index, 4)) + 1
                    handle = Pack.remove(pack.offset(index), count: count, handle, &arena)
                    model.removeSubrange(index..<index + count)
                default: break
                }
            }
            if step % 50 == 0 { expect(Pack(arena.cell(handle)), holds: model) }
        }
        arena.free(handle)
        #expect(arena.liveBytes == 0)
    }

    private func expect(_ pack: Pack, holds model: [String]) {
        var texts: [String] = []
        pack.forEach { item, _ in
            texts.append(item.withText { $0.string })
            return true
        }
        #expect(texts == model)
        #expect(pack.isValid)
        #expect(pack.count == model.count)
    }

    private static func text(_ random: inout FastRandom) -> String {
        switch random.below(4) {
        case 0: String(random.below(100))
        case 1: String(Int64(random.below(1 << 40)) - 1 << 39)
        case 2: "m\(random.below(200))"
        default: String(repeating: "x", count: random.below(300))
        }
    }
}
