import Primitives
import Testing

@testable import Structures

@Suite struct IntegerSetTests {
    /// A set in an arena, and the sorted numbers that it should contain.
    private struct Pair: ~Copyable {
        var arena = Arena()
        var handle: Handle
        var model: [Int64] = []

        init() { handle = IntegerSet.create(&arena) }

        var set: IntegerSet { IntegerSet(arena.cell(handle)) }

        func place(_ number: Int64) -> Int {
            var (lower, upper) = (0, model.count)
            while lower < upper {
                let middle = (lower + upper) / 2
                if model[middle] < number { lower = middle + 1 } else { upper = middle }
            }
            return lower
        }

        mutating func toggle(_ number: Int64) {
            let index = place(number)
            let isThere = index < model.count && model[index] == number
            let found = set.find(number)
            #expect(found.index == index)
            #expect(found.isFound == isThere)
            if isThere {
                handle = IntegerSet.remove(index, handle, &arena)
                model.remove(at: index)
            } else {
                handle = IntegerSet.insert(number, at: index, handle, &arena)
                model.insert(number, at: index)
            }
        }

        func check() {
            var numbers: [Int64] = []
            set.forEach { number in
                numbers.append(number)
                return true
            }
            #expect(numbers == model)
            #expect(set.count == model.count)
            #expect(set.isValid)
        }
    }

    private static let widths: [([Int64], Int)] = [
        ([5, 6, 260], 1), ([5, 6, 261], 2), ([-1, 0, 65_534], 2), ([-1, 65_535], 3),
        ([.min, .max], 8), ([.max, .max - 1], 1), ([.min, .min + 255], 1), ([0, 1 << 24], 4),
        ([1 << 40, 1 << 39], 5), ([0, 1 << 47], 6), ([-(1 << 50), 0], 7),
    ]

    @Test(arguments: widths)
    func `numbers take as many bytes as their distance needs`(numbers: [Int64], width: Int) {
        for order in [numbers, Array(numbers.reversed())] {
            var pair = Pair()
            for number in order { pair.toggle(number) }
            pair.check()
            let byteCount = pair.set.byteCount
            #expect(byteCount == 13 + numbers.count * width)
        }
    }

    @Test func `a search continues from where the last one ended`() {
        var pair = Pair()
        for number in stride(from: Int64(-300), to: 900, by: 3) { pair.toggle(number) }
        for start in [0, 1, 57, 399] {
            for number in Int64(-310)...910 where number >= pair.model[start] {
                let whole = pair.set.find(number)
                let rest = pair.set.find(number, from: start)
                #expect(whole == rest)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8])
    func `random steps keep the set equal to the model`(width: Int) {
        var random = FastRandom(seed: UInt64(width))
        var pair = Pair()
        let mask = width == 8 ? UInt64.max : 1 << UInt64(width * 8) - 1
        for step in 0..<15_000 {
            // Now and then the set becomes empty, and widths start over.
            if step % 3_000 == 0 {
                while let last = pair.model.last { pair.toggle(last) }
            }
            let few = UInt64(random.below(300)) &* 0x9E37_79B9_7F4A_7C15
            let narrow = step % 1_000 < 200 ? few & 0xFF : few & mask
            pair.toggle(Int64(bitPattern: narrow &- mask / 2))
            if step % 100 == 0 { pair.check() }
        }
        pair.check()
    }
}
