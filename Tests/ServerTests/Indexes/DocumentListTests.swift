import Primitives
import Testing

@testable import Server

@Suite struct DocumentListTests {
    @Test func `random changes agree with a dictionary`() {
        var random = FastRandom(seed: 7)
        var list = DocumentList()
        var places: [UInt32: UInt32] = [:]
        for _ in 0..<20_000 {
            let number = UInt32(random.below(300))
            if let place = places.removeValue(forKey: number) {
                list.remove(number, at: place)
            } else {
                places[number] = list.add(number)
            }
            #expect(list.count == places.count)
        }
        var found: [UInt32] = []
        list.forEach {
            found.append($0)
            return true
        }
        #expect(found.sorted() == places.keys.sorted())
        #expect(Set(places.values).count == places.count && list.capacity <= 512)
    }

    @Test func `a number that has been added twice is removed twice`() {
        var list = DocumentList()
        let places = [list.add(5), list.add(5)]
        list.remove(5, at: places[0])
        list.remove(5, at: places[0])
        #expect(list.count == 0)
        // One that is not there changes nothing.
        list.remove(5, at: 9)
        #expect(list.count == 0 && list.add(6) == 1 && list.add(7) == 0)
    }
}
