import Primitives
import Testing

@testable import Server

@Suite struct NameTableTests {
    private static func hash(_ name: [UInt8]) -> UInt64 {
        // Few distinct bits, so that many names collide.
        UInt64(name.reduce(0) { ($0 &* 31 &+ UInt32($1)) & 63 }) << 8
    }

    @Test func `a table agrees with a dictionary over a long random history`() {
        var table = NameTable<Int>()
        var model: [[UInt8]: Int] = [:]
        var random = FastRandom(seed: 7)
        for step in 0..<100_000 {
            // Alternately grows and shrinks.
            let range: UInt64 = step / 10_000 % 2 == 0 ? 400 : 20
            let name = Array("n\(random.next() % range)".utf8)
            let hash = Self.hash(name)
            let place = name.withBytes { table.find($0, hash) }
            #expect(place.map { table[$0] } == model[name])
            if let place {
                if random.next() % 2 == 0 {
                    let removed = table.remove(at: place)
                    #expect(removed == model.removeValue(forKey: name))
                } else {
                    table[place] = step
                    model[name] = step
                }
            } else {
                let place = table.insert(name, hash, step)
                model[name] = step
                #expect(table.name(at: place) == name)
            }
            #expect(table.count == model.count)
            if step % 997 == 0 { #expect(table.isValid) }
        }
        #expect(table.isValid)
        var found: [[UInt8]: Int] = [:]
        table.forEach { name, _, value in found[name] = value }
        #expect(found == model)
    }

    @Test func `a hash of zero is as good as any other`() {
        var table = NameTable<String>()
        table.insert([], 0, "empty")
        table.insert([1], 0, "one")
        let places = [[], [1], [2]].map { name in name.withBytes { table.find($0, 0) } }
        #expect(places[0].map { table[$0] } == "empty" && places[1].map { table[$0] } == "one")
        #expect(places[2] == nil)
    }
}
