import Primitives
import Testing

@testable import Structures

@Suite struct StreamGroupTests {
    /// The model of a pending entry.
    private struct Pending: Equatable {
        var consumer: String?
        var time: Int64
        var deliveries: Int64
    }

    /// A group, its stream, and the expected pending entries.
    private struct Model: ~Copyable {
        var arena: Arena
        let stream: Stream
        let group: StreamGroup
        var pending: [StreamID: Pending] = [:]
        var consumers: Set<String> = []

        init() {
            var arena = Arena()
            let stream = Stream.create(&arena)
            group = Array("group".utf8).withBytes {
                stream.createGroup($0, lastID: .zero, readCount: 0, &arena)
            }
            self.stream = stream
            self.arena = arena
        }

        mutating func consumer(_ name: String) -> StreamConsumer {
            consumers.insert(name)
            return Array(name.utf8).withBytes { group.makeConsumer($0, now: 1, &arena) }
        }

        mutating func deliver(_ id: StreamID, to name: String, time: Int64) {
            let owner = consumer(name)
            if let entry = group.pendingEntry(id, arena) {
                group.give(entry, to: owner, time: time, &arena)
                entry.deliveries += 1
                pending[id]?.deliveries += 1
                pending[id]?.consumer = name
                pending[id]?.time = time
            } else {
                group.add(id, of: owner, time: time, deliveries: 1, &arena)
                pending[id] = Pending(consumer: name, time: time, deliveries: 1)
            }
        }

        mutating func acknowledge(_ id: StreamID) {
            let entry = group.pendingEntry(id, arena)
            #expect((entry != nil) == (pending.removeValue(forKey: id) != nil))
            if let entry { group.remove(entry, &arena) }
        }

        mutating func release(_ id: StreamID) {
            guard let entry = group.pendingEntry(id, arena) else { return }
            group.release(entry, &arena)
            pending[id]?.consumer = nil
            pending[id]?.time = 0
        }

        mutating func removeConsumer(_ name: String) {
            let removed = Array(name.utf8).withBytes {
                // Only some at first, like a command that continues later.
                let part = group.removeConsumer($0, limit: 2, &arena)
                guard let part, !part.isGone else { return part?.removed }
                let rest = group.removeConsumer($0, limit: .max, &arena)
                return rest.map { $0.removed + part.removed }
            }
            let mine = pending.filter { $0.value.consumer == name }
            #expect(removed == (consumers.remove(name) == nil ? nil : mine.count))
            for id in mine.keys { pending[id] = nil }
        }

        func check() {
            let isValid = group.isValid(arena)
            #expect(isValid)
            let names = group.consumers.count(arena)
            #expect(names == consumers.count)
            var found: [StreamID: Pending] = [:]
            group.walkPending(of: nil, .zero, .max, arena) { entry in
                let name = entry.hasConsumer ? entry.consumerName(arena).string : nil
                found[entry.id] = Pending(
                    consumer: name,
                    time: entry.time,
                    deliveries: entry.deliveries
                )
                return true
            }
            #expect(found == pending)
            for name in consumers {
                let consumer = Array(name.utf8).withBytes { group.consumer($0, arena) }
                let count = consumer?.pending.count
                #expect(count == pending.values.count { $0.consumer == name })
            }
        }

        mutating func finish() {
            var budget = 5
            while !stream.destroySome(&budget, &arena) { budget = 5 }
            let bytes = arena.liveBytes
            #expect(bytes == 0)
        }
    }

    @Test func `deliveries are in order, whenever they were made`() {
        var model = Model()
        for (number, time) in [50, 10, 90, 40, 40, 95, 5, 60, 0].enumerated() {
            model.deliver(StreamID(UInt64(number), 0), to: "alice", time: Int64(time))
        }
        model.check()
        model.release(StreamID(2, 0))
        model.release(StreamID(7, 0))
        model.check()
        let first = model.group.oldestEntry(model.arena)
        #expect(first?.id == StreamID(2, 0))
        var second: PendingEntry?
        if let first { second = model.group.entryAfter(first, model.arena) }
        #expect(second?.id == StreamID(7, 0))
        model.deliver(StreamID(7, 0), to: "bob", time: 20)
        model.check()
        model.finish()
    }

    @Test func `a delivery is never recorded before the last one`() {
        var model = Model()
        let empty = model.group.moment(5, model.arena)
        #expect(empty == 5)
        model.deliver(StreamID(1, 0), to: "alice", time: 10_000)
        for (now, moment) in [(9_990, 10_000), (10_001, 10_001), (500, 500)] as [(Int64, Int64)] {
            let noted = model.group.moment(now, model.arena)
            #expect(noted == moment)
        }
        model.finish()
    }

    @Test func `the progress of a group is known as far as deletions allow`() {
        var model = Model()
        let (stream, group) = (model.stream, model.group)
        let word = Array("a".utf8)
        let limits = Stream.PackLimits(bytesMax: 4096, entriesMax: 100)
        for number in 1...5 {
            stream.append(
                StreamID(UInt64(number), 0),
                pairs: 1,
                byteCount: 2,
                limits,
                &model.arena
            ) { _ in word.withBytes { $0 } }
        }
        #expect(stream.lag(group) == 5)
        stream.advance(group, to: StreamID(1, 0))
        #expect(group.readCount == 1)
        #expect(stream.lag(group) == 4)
        let isRemoved = stream.remove(StreamID(3, 0), &model.arena)
        #expect(isRemoved)
        #expect(stream.lag(group) == nil)
        stream.advance(group, to: StreamID(2, 0))
        #expect(group.readCount == -1)
        stream.advance(group, to: StreamID(5, 0))
        #expect(group.readCount == 5)
        #expect(stream.lag(group) == 0)
        model.finish()
    }

    @Test func `an entry is referenced until every group has acknowledged it`() {
        var model = Model()
        let id = StreamID(7, 0)
        let other = Array("other".utf8).withBytes {
            model.stream.createGroup($0, lastID: .zero, readCount: 0, &model.arena)
        }
        let unread = model.stream.isReferenced(id, model.arena)
        #expect(unread)
        model.group.lastID = id
        other.lastID = id
        let read = model.stream.isReferenced(id, model.arena)
        #expect(!read)
        model.deliver(id, to: "alice", time: 3)
        let isPending = model.stream.isReferenced(id, model.arena)
        #expect(isPending)
        model.stream.removeReferences(id, &model.arena)
        model.pending = [:]
        let isLeft = model.stream.isReferenced(id, model.arena)
        #expect(!isLeft)
        model.check()
        model.finish()
    }

    @Test func `a hundred thousand random steps agree with a dictionary`() {
        var random = FastRandom(seed: 23)
        var model = Model()
        var now: Int64 = 1_000
        for step in 0..<100_000 {
            let id = StreamID(random.next() % 3_000, random.next() % 2)
            let name = "consumer\(random.next() % 40)"
            switch random.next() % 16 {
            case 0..<8:
                now += Int64(random.next() % 3)
                model.deliver(id, to: name, time: now)
            case 8: model.deliver(id, to: name, time: Int64(random.next() % UInt64(now)))
            case 9: model.release(id)
            case 10 where random.next() % 8 == 0: model.removeConsumer(name)
            default: model.acknowledge(id)
            }
            if step % 4_000 == 0 { model.check() }
        }
        model.check()
        model.finish()
    }

    @Test(arguments: [1, 2, 3, 100, 1_000])
    func `names are found in their order`(count: Int) {
        var arena = Arena()
        var list = NameList()
        for number in 0..<count {
            let name = Array("name\(number * 7919 % count)".utf8)
            let block = name.withBytes { NameList.createBlock($0, at: 12, &arena) }
            list.insert(block, &arena)
        }
        let isValid = list.isValid(arena)
        #expect(isValid)
        for number in 0..<count {
            let name = Array("name\(number)".utf8)
            let found = name.withBytes { list.find($0, arena) }
            #expect(found != nil)
            let removed = name.withBytes { list.remove($0, &arena) }
            #expect(removed == found)
            if let removed { arena.free(removed) }
            let again = name.withBytes { list.find($0, arena) }
            #expect(again == nil)
        }
        let bytes = arena.liveBytes
        #expect(bytes == 0)
    }
}
