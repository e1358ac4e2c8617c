import Primitives
import Testing

@testable import Store
@testable import Structures

/// A watcher of a shard is shown each bucket before its first change.
@Suite struct ShardWatchTests {
    /// A shard with a watcher that records what it is shown.
    private final class Subject {
        let shard = Shard()
        /// The keys shown since the watch began, in order.
        var shown: [String] = []
        var calls = 0
        /// Whether the watcher takes over discarded large values, and those that it has.
        var takes = false
        var taken: [Shard.Remains] = []

        deinit { shard.destroy() }

        func key<Result>(_ name: String, _ body: (Key) -> Result) -> Result {
            Array(name.utf8).withBytes { body(Key($0, shard.hash($0))) }
        }

        func find(_ name: String) -> Shard.Slot? { key(name) { shard.find($0) } }

        func set(_ name: String, _ text: String, expiry: Int64? = nil) {
            let slot = find(name)
            key(name) { key in
                Array(text.utf8).withBytes {
                    _ = StringValue.set(key, .bytes($0), expiry: expiry, at: slot, in: shard)
                }
            }
        }

        func watch() {
            shown = []
            shard.beginWatching(
                ShardWatcher(
                    willChange: { [unowned self] shard, bucket, _ in
                        calls += 1
                        shard.keys.forEach(inBucket: bucket, shard.arena) {
                            shown.append($0.entry.key.string)
                        }
                    },
                    takes: { [unowned self] _, remains in
                        if takes { taken.append(remains) }
                        return takes
                    }
                )
            )
        }

        /// The keys shown while `body` runs, right after a watch began.
        func shows(_ body: () -> Void) -> [String] {
            watch()
            body()
            _ = shard.endWatching(isComplete: false)
            return shown
        }
    }

    @Test func `every change of a key is announced, but not reading it`() throws {
        let subject = Subject()
        let shard = subject.shard
        subject.set("a", "one")
        #expect(subject.shows { subject.set("a", "two") } == ["a"])
        #expect(subject.shows { subject.set("b", "new") } == ["a"])
        func change(_ body: (Shard.Slot) -> Void) throws {
            let slot = try #require(subject.find("a"))
            #expect(subject.shows { body(slot) }.sorted() == ["a", "b"])
        }
        try change { shard.setExpiry($0, 5_000) }
        try change { shard.setExpiry($0, 6_000) }
        try change { shard.setExpiry($0, nil) }
        try change { _ = StringValue.edit($0, count: 2, in: shard) }
        try change { _ = StringValue.edit($0, count: 9_000, in: shard) }
        try change { _ = StringValue.edit($0, count: 3, in: shard) }
        try change { shard.remove($0) }
        #expect(subject.shows { _ = subject.find("b") } == [])
    }

    @Test func `a bucket is shown once per watch`() {
        let subject = Subject()
        for number in 0..<500 { subject.set("k:\(number)", "v") }
        subject.calls = 0
        subject.watch()
        for round in 0..<3 {
            for number in 0..<500 { subject.set("k:\(number)", "w\(round)") }
        }
        // An empty bucket may never change.
        #expect(subject.calls <= subject.shard.keys.bucketTotal)
        #expect(Set(subject.shown).count == 500 && subject.shown.count == 500)
        #expect(subject.shard.showBuckets(from: 0, budget: 1 << 20) == nil)
        #expect(subject.shown.count == 500)
        #expect(!subject.shard.endWatching(isComplete: true))
    }

    @Test(arguments: [0, 3])
    func `growing and shrinking hide nothing and repeat nothing`(walked: Int) {
        let subject = Subject()
        let shard = subject.shard
        for number in 0..<2_000 { subject.set("k:\(number)", "v") }
        subject.watch()
        var next: Int? = 0
        for number in 0..<20_000 {
            subject.set("new:\(number % 4_000)", "w")
            if number % 3 == 0, let slot = subject.find("k:\(number % 2_000)") {
                shard.remove(slot)
            }
            if number % 2 == 0, let slot = subject.find("new:\(number % 3_900)") {
                shard.remove(slot)
            }
            if let start = next { next = shard.showBuckets(from: start, budget: walked) }
        }
        while let start = next { next = shard.showBuckets(from: start, budget: 100) }
        let old = subject.shown.filter { $0.hasPrefix("k:") }
        #expect(old.count == 2_000 && Set(old).count == 2_000)
        #expect(subject.shown.count == 2_000 && shard.isValid)
        #expect(!shard.endWatching(isComplete: true))
    }

    @Test func `a table that empties and fills again has nothing to show`() throws {
        let subject = Subject()
        for number in 0..<30 { subject.set("k:\(number)", "v") }
        subject.watch()
        for number in 0..<30 { subject.shard.remove(try #require(subject.find("k:\(number)"))) }
        #expect(subject.shown.count == 30)
        for number in 0..<30 { subject.set("new:\(number)", "v") }
        #expect(subject.shard.showBuckets(from: 0, budget: 1_000) == nil)
        #expect(subject.shown.count == 30)
        _ = subject.shard.endWatching(isComplete: true)
    }

    @Test(arguments: [true, false])
    func `hundreds of consecutive watches work`(areComplete: Bool) throws {
        let subject = Subject()
        for number in 0..<100 { subject.set("k:\(number)", "v") }
        for round in 0..<200 {
            subject.watch()
            subject.set("k:\(round % 7)", "w")
            subject.set("k:\(round % 50)", "w")
            if areComplete { _ = subject.shard.showBuckets(from: 0, budget: 1_000) }
            #expect(Set(subject.shown).count == subject.shown.count)
            #expect(areComplete ? subject.shown.count == 100 : subject.shown.count >= 1)
            _ = subject.shard.endWatching(isComplete: areComplete)
            // Without a watcher, buckets that split and merge keep old epochs.
            for number in 100..<130 { subject.set("k:\(number)", "v") }
            for number in 100..<130 {
                subject.shard.remove(try #require(subject.find("k:\(number)")))
            }
        }
    }

    @Test(arguments: [true, false])
    func `a large value being discarded is first offered to the watcher`(takes: Bool) throws {
        let subject = Subject()
        let limits = EncodingLimits()
        var set = subject.key("set") { key in
            let content = SetContent.create(first: nil, count: 2_000, limits, in: subject.shard)
            return SetValue(key, takingOver: content, in: subject.shard)
        }
        for number in 0..<2_000 {
            let item = PackItem.integer(Int64(number))
            _ = set.add(item, item.withText { subject.shard.hash($0) }, limits)
        }
        subject.takes = takes
        subject.watch()
        subject.set("set", "a string")
        #expect(subject.shown == ["set"] && subject.taken.count == (takes ? 1 : 0))
        #expect(subject.shard.hasRemains == !takes)
        for remains in subject.taken { subject.shard.free(remains) }
        #expect(subject.shard.hasRemains)
        var budget = 10_000
        #expect(!subject.shard.freeSome(budget: &budget))
        subject.shard.remove(try #require(subject.find("set")))
        #expect(subject.shard.usedBytes == 0)
        _ = subject.shard.endWatching(isComplete: false)
    }

    @Test func `a block held by the watcher is not edited`() throws {
        let subject = Subject()
        subject.set("a", String(repeating: "x", count: 10_000))
        var held: SharedBlock?
        subject.shard.beginWatching(
            ShardWatcher(
                willChange: { shard, bucket, _ in
                    shard.keys.forEach(inBucket: bucket, shard.arena) { location in
                        let block = SharedBlock(address: location.entry.externalAddress)
                        block.retain()
                        held = block
                    }
                },
                takes: { _, _ in false }
            )
        )
        let slot = try #require(subject.find("a"))
        let edited = StringValue.edit(slot, count: 10_000, in: subject.shard)
        edited.storage[0] = UInt8(ascii: "y")
        let block = try #require(held)
        #expect(block.bytes[0] == UInt8(ascii: "x"))
        block.release()
        _ = subject.shard.endWatching(isComplete: true)
    }

    @Test func `a detached shard stays with its watcher until it is done`() {
        let subject = Subject()
        subject.set("a", "v")
        #expect(subject.shard.detach())
        let other = Subject()
        other.set("a", "v")
        other.watch()
        #expect(!other.shard.detach())
        _ = other.shard.showBuckets(from: 0, budget: 10)
        #expect(other.shown == ["a"])
        #expect(other.shard.endWatching(isComplete: true))
    }
}
