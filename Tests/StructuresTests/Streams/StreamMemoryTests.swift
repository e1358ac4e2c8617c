import Primitives
import Testing

@testable import Structures

@Suite struct StreamMemoryTests {
    /// A stream's memory of producers, and a simple model of it.
    private struct Model: ~Copyable {
        struct Message { let name: String, id: StreamID, time: Int64 }

        var arena = Arena()
        let stream: Stream
        var producers: [String: [Message]] = [:]
        var duration: Int64 = 100
        var countMax = 100
        var noted: Int64 = 0

        init() {
            var arena = Arena()
            stream = Stream.create(&arena)
            self.arena = arena
        }

        /// Sends a message like XADD.
        ///
        /// `known` is whether it should be a duplicate; nil if either is possible.
        mutating func send(
            _ name: String,
            of producer: String,
            now: Int64,
            known isKnown: Bool? = nil
        ) {
            var known = producers[producer] ?? []
            known.removeAll { $0.time + duration * 1_000 <= now }
            let expected = known.first { $0.name == name }?.id
            let found = Model.bytes(producer, name) { producer, name in
                stream.entry(ofMessage: name, of: producer, now: now, counts: true, &arena)
            }
            #expect(found == expected)
            if expected == nil {
                noted += 1
                let id = StreamID(UInt64(now), UInt64(noted))
                Model.bytes(producer, name) { stream.noteMessage($1, of: $0, id, now: now, &arena) }
                known.append(Message(name: name, id: id, time: now))
                if known.count > countMax { known.removeFirst() }
            }
            producers[producer] = known
            if let isKnown { #expect(isKnown == (expected != nil), "\(name) of \(producer)") }
        }

        mutating func set(duration: Int?, countMax: Int?) {
            stream.setMemory(duration: duration, countMax: countMax, &arena)
            let newDuration = duration.map(Int64.init) ?? self.duration
            let newMax = countMax ?? self.countMax
            if newDuration != self.duration || newMax != self.countMax { producers = [:] }
            (self.duration, self.countMax) = (newDuration, newMax)
        }

        /// Compares the reported state of every producer with the model.
        func check() throws {
            let known = stream.memory(arena)
            let memory = try #require(known)
            var told = 0
            for index in 0..<memory.producerCount(arena) {
                var next = memory.oldest(ofProducer: index, arena)
                let producer = try #require(next?.producer.string)
                // Old messages are forgotten when their producer sends the next one.
                for message in producers[producer] ?? [] {
                    while let known = next, known.time < message.time {
                        next = memory.next(known, arena)
                    }
                    let known = try #require(next)
                    #expect(known.name.string == message.name && known.id == message.id)
                    next = memory.next(known, arena)
                }
                told += 1
            }
            #expect(told >= producers.values.count { !$0.isEmpty })
            let (count, max) = (memory.messageCount(arena), countMax * memory.producerCount(arena))
            #expect(count <= max)
            #expect(memory.addedCount == noted)
        }

        private static func bytes<Result>(
            _ first: String,
            _ second: String,
            _ body: (Bytes, Bytes) -> Result
        ) -> Result {
            Array(first.utf8).withBytes { first in
                Array(second.utf8).withBytes { body(first, $0) }
            }
        }
    }

    @Test func `a duplicate message is recognised until its time is over`() throws {
        var model = Model()
        model.send("m", of: "p", now: 1_000, known: false)
        model.send("m", of: "p", now: 100_999, known: true)
        model.send("m", of: "q", now: 100_999, known: false)
        model.send("m", of: "p", now: 101_000, known: false)
        let duplicates = model.stream.memory(model.arena)?.duplicateCount
        #expect(duplicates == 1)
        try model.check()
    }

    @Test func `the oldest message is dropped when there are too many`() throws {
        var model = Model()
        model.set(duration: nil, countMax: 2)
        for name in ["a", "b", "c"] { model.send(name, of: "p", now: 5, known: false) }
        model.send("b", of: "p", now: 5, known: true)
        model.send("a", of: "p", now: 5, known: false)
        try model.check()
    }

    @Test(arguments: [1, 7, 100])
    func `it agrees with the account in 30,000 steps`(most: Int) throws {
        var model = Model()
        let bytes = model.arena.liveBytes
        var random = FastRandom(seed: UInt64(most))
        model.set(duration: 10, countMax: most)
        var now: Int64 = 1
        for step in 0..<30_000 {
            now += Int64(random.below(400))
            let producer = "producer \(random.below(12))"
            model.send("message \(random.below(most * 2 + 3))", of: producer, now: now)
            if random.below(5_000) == 0 { model.set(duration: 5 + random.below(10), countMax: nil) }
            if step % 500 == 0 { try model.check() }
        }
        try model.check()
        var budget = 10
        while !model.stream.destroyMemory(&budget, &model.arena) { budget = 10 }
        let left = model.arena.liveBytes
        #expect(left == bytes, "every block is freed")
    }
}
