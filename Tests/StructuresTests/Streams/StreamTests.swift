import Primitives
import Testing

@testable import Structures

@Suite struct StreamTests {
    /// The model of an entry.
    private struct Entry: Equatable {
        var id: StreamID
        var words: [[UInt8]]
    }

    /// A stream, and its expected entries in order.
    private struct Model: ~Copyable {
        var arena = Arena()
        let stream: Stream
        var entries: [Entry] = []
        var limits = Stream.PackLimits(bytesMax: 4096, entriesMax: 100)

        init() { stream = Stream.create(&arena) }

        mutating func append(_ id: StreamID, _ words: [[UInt8]]) {
            let bytes = words.reduce(0) { $0 + $1.count }
            stream.append(id, pairs: words.count / 2, byteCount: bytes, limits, &arena) { index in
                // Borrowed from the array, which outlives the call.
                words[index].withBytes { $0 }
            }
            entries.append(Entry(id: id, words: words))
        }

        mutating func remove(_ id: StreamID) {
            let removed = stream.remove(id, &arena)
            let index = entries.firstIndex { $0.id == id }
            #expect(removed == (index != nil))
            if let index { entries.remove(at: index) }
        }

        /// Trims the stream and frees the removed part; returns the number of removed entries.
        mutating func trim(_ trim: StreamTrim) -> Int {
            let (removed, cut) = stream.trim(trim, &arena)
            guard let cut else { return removed }
            let isValid = cut.packs.isValid(arena)
            #expect(isValid)
            var budget = Int.max
            let isDone = cut.destroySome(&budget, &arena)
            #expect(isDone)
            return removed
        }

        func read(_ lower: StreamID, _ upper: StreamID, reversed: Bool) -> [Entry] {
            var read: [Entry] = []
            stream.walk(lower, upper, reversed: reversed, arena) { item in
                var words: [[UInt8]] = []
                item.forEachWord { word in
                    switch word {
                    case .bytes(let bytes): words.append(bytes.array)
                    case .integer(let number): words.append(Array("\(number)".utf8))
                    }
                }
                #expect(words.count == item.fieldCount * 2)
                read.append(Entry(id: item.id, words: words))
                return true
            }
            return read
        }

        func check(_ lower: StreamID = .zero, _ upper: StreamID = .max) {
            let isValid = stream.isValid(arena)
            #expect(isValid)
            let count = stream.count
            #expect(count == entries.count)
            let expected = entries.filter { $0.id >= lower && $0.id <= upper }
            #expect(read(lower, upper, reversed: false) == expected)
            #expect(read(lower, upper, reversed: true) == expected.reversed())
        }

        mutating func finish() {
            var budget = 3
            while !stream.destroySome(&budget, &arena) { budget = 3 }
            let bytes = arena.liveBytes
            #expect(bytes == 0)
        }
    }

    private static func text(_ string: String) -> [UInt8] { Array(string.utf8) }

    @Test func `words of every width read back unchanged`() {
        var model = Model()
        let numbers: [Int64] = [
            0, 63, 64, -1, 127, 128, -128, -129, 32_767, 32_768, -32_768, -32_769, 8_388_607,
            8_388_608, -8_388_608, -8_388_609, .init(Int32.max), .init(Int32.max) + 1,
            .init(Int32.min), .init(Int32.min) - 1, .max, .min,
        ]
        var words = numbers.map { Self.text("\($0)") }
        for text in ["", "-0", "00", "+1", " 1", "1 ", "9223372036854775808", "1.0", "\r\n"] {
            words.append(Self.text(text))
        }
        for length in [126, 127, 128, 129, 8_190, 8_191, 8_192, 70_000] {
            words.append([UInt8](repeating: 0x61, count: length))
        }
        for (index, word) in words.enumerated() {
            model.append(StreamID(UInt64(index), 1), [Self.text("f"), word])
            model.append(StreamID(UInt64(index), 2), [word, Self.text("v")])
            model.append(StreamID(UInt64(index), 3), [word, word, word, word])
        }
        model.check()
        model.finish()
    }

    @Test func `ids of every distance read back unchanged`() {
        var model = Model()
        var id = StreamID.zero
        let steps: [UInt64] = [
            0, 1, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 1 << 50,
        ]
        for milliseconds in steps {
            for sequence in steps where milliseconds > 0 || sequence > 0 {
                let base = milliseconds > 0 ? 0 : id.sequence
                id = StreamID(id.milliseconds + milliseconds, base + sequence)
                model.append(id, [Self.text("a"), Self.text("b")])
            }
        }
        model.append(StreamID(.max, 0), [Self.text("a"), Self.text("b")])
        model.append(.max, [Self.text("a"), Self.text("b")])
        model.check()
        model.finish()
    }

    @Test func `small entries take few bytes`() {
        var model = Model()
        for number in 0..<10_000 {
            model.append(
                StreamID(UInt64(number / 4), UInt64(number % 4 + 1)),
                [Self.text("k1"), Self.text("value1"), Self.text("k2"), Self.text("value2")]
            )
        }
        // 14 bytes of values, 2 of the header, sometimes a millisecond; the pack's overhead; the
        // rounding to size classes.
        let bytes = model.arena.liveBytes
        #expect(bytes < 10_000 * 19)
        model.finish()
    }

    @Test(arguments: [1, 2, 63, 64, 65, 99, 100, 101, 128, 129, 250])
    func `trimming by count and by id leaves the newest`(count: Int) {
        for entriesMax in [0, 1, 10, 100] {
            for kept in [0, 1, count / 2, max(count - 1, 0), count, count + 1] {
                var model = Model()
                model.limits.entriesMax = entriesMax
                for number in 0..<count {
                    let words = [Self.text("f"), Self.text("\(number)")]
                    model.append(StreamID(UInt64(number), 7), words)
                }
                let removed: Int
                if kept % 2 == 0 {
                    removed = model.trim(StreamTrim(.count(kept)))
                } else {
                    let id = StreamID(UInt64(max(count - kept, 0)), 0)
                    removed = model.trim(StreamTrim(.id(id)))
                }
                #expect(removed == max(count - kept, 0))
                model.entries.removeFirst(max(count - kept, 0))
                model.check()
                model.finish()
            }
        }
    }

    @Test func `many packs are cut off anywhere`() {
        for entriesMax in [1, 3] {
            for kept in [0, 1, 2, 3, 64, 126, 1_000, 1_999, 4_000, 4_999, 5_000] {
                for isByID in [true, false] {
                    var model = Model()
                    model.limits.entriesMax = entriesMax
                    for number in 0..<5_000 {
                        model.append(StreamID(UInt64(number), 7), [Self.text("f"), Self.text("v")])
                    }
                    let id = StreamID(UInt64(5_000 - kept), 0)
                    let removed = model.trim(StreamTrim(isByID ? .id(id) : .count(kept)))
                    #expect(removed == 5_000 - kept)
                    model.entries.removeFirst(5_000 - kept)
                    model.check()
                    model.append(StreamID(9_000, 0), [Self.text("f"), Self.text("v")])
                    model.check()
                    model.finish()
                }
            }
        }
    }

    @Test func `a hundred thousand random steps agree with an array`() {
        var random = FastRandom(seed: 11)
        var model = Model()
        var id = StreamID(5, 0)
        for step in 0..<100_000 {
            switch random.next() % 8 {
            case 0...4:
                id =
                    random.next() % 3 == 0
                    ? StreamID(id.milliseconds + random.next() % 400, random.next() % 3)
                    : StreamID(id.milliseconds, id.sequence + 1 + random.next() % 300)
                if id <= model.stream.lastID { id = model.stream.lastID.next ?? id }
                model.append(id, Self.words(&random))
            case 5, 6:
                let index = Int(random.next() % UInt64(max(model.entries.count, 1)))
                let target = index < model.entries.count ? model.entries[index].id : .zero
                model.remove(target)
                model.remove(target)
            default:
                var trim = StreamTrim(.count(Int(random.next() % 900)))
                trim.isApproximate = random.next() % 2 == 0
                trim.limit = trim.isApproximate ? 150 : 0
                let removed = model.trim(trim)
                model.entries.removeFirst(removed)
            }
            if step % 2_000 == 0 {
                let from = random.next() % (id.milliseconds + 1)
                model.check(StreamID(from, 0), StreamID(from + 9_000, 5))
                model.check()
            }
        }
        model.check()
        model.finish()
    }

    private static func words(_ random: inout FastRandom) -> [[UInt8]] {
        var words: [[UInt8]] = []
        for pair in 0...(random.next() % 8 == 0 ? random.next() % 3 : 1) {
            words.append(text(random.next() % 16 == 0 ? "other" : "field\(pair)"))
            switch random.next() % 4 {
            case 0:
                let number = Int64(bitPattern: random.next() >> (random.next() % 64))
                words.append(text("\(number)"))
            case 1: words.append([UInt8](repeating: 0x62, count: Int(random.next() % 200)))
            default: words.append(text("v\(random.next() % 1_000)"))
            }
        }
        return words
    }
}
