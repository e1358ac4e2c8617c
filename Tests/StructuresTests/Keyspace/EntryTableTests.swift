import Primitives
import Testing

@testable import Structures

@Suite struct EntryTableTests {
    /// A table with an arena, whose entries are made from numbers.
    private struct Subject: ~Copyable {
        var arena = Arena()
        var table: EntryTable

        init(isStamped: Bool = false) { table = EntryTable(isStamped: isStamped) }

        func hash(_ number: Int) -> (key: [UInt8], hash: KeyHash) {
            let key = Array("key:\(number)".utf8)
            return (key, key.withBytes { arena.hasher($0) })
        }

        func find(_ number: Int) -> EntryTable.Location? {
            let (key, hash) = hash(number)
            return key.withBytes { table.find($0, hash, arena) }
        }

        mutating func insert(_ number: Int) {
            let (key, hash) = hash(number)
            let handle = arena.allocate(Entry.byteCount(key: key.count, hasWord: false, payload: 0))
            _ = key.withBytes {
                Entry(arena.cell(handle)).write(kind: .member, encoding: 0, word: nil, key: $0)
            }
            table.insert(handle, hash, &arena)
        }

        mutating func remove(_ location: EntryTable.Location) {
            let handle = table.handle(location)
            table.remove(location, &arena)
            arena.free(handle)
        }

        var isValid: Bool { table.isValid(arena, hasExpiries: false) && arena.isValid }
    }

    @Test func `a table grows by one bucket at a time, and shrinks again`() {
        var subject = Subject()
        for number in 0..<3000 {
            let before = subject.table.bucketTotal
            subject.insert(number)
            let after = subject.table.bucketTotal
            #expect(after == before || after == before + 1)
            if number < 200 || number % 250 == 0 {
                let isValid = subject.isValid
                #expect(isValid)
            }
        }
        let buckets = subject.table.bucketTotal
        #expect((300...500).contains(buckets))
        for number in 0..<3000 {
            if let location = subject.find(number) { subject.remove(location) }
            let found = subject.find(number) == nil
            #expect(found)
            if number % 250 == 0 || number > 2900 {
                let isValid = subject.isValid
                #expect(isValid)
            }
        }
        let left = (subject.table.count, subject.table.bucketTotal)
        #expect(left == (0, 0))
        let live = subject.arena.liveBytes
        #expect(live == 0)
    }

    @Test(arguments: [0, 1, 7, 8, 500, 3000, 4001])
    func `a table with room for its entries splits no bucket`(total: Int) {
        var subject = Subject(isStamped: true)
        subject.table.reserve(total, &subject.arena)
        let reserved = subject.table.bucketTotal
        #expect(reserved <= total / 7 + 1)
        for number in 0..<total {
            subject.insert(number)
            let isFound = subject.find(number) != nil
            #expect(isFound)
        }
        // The last entries may not fill a bucket of their own.
        let (buckets, isValid) = (subject.table.bucketTotal, subject.isValid)
        #expect(buckets <= reserved + 2 && isValid)
        for number in 0..<total {
            if let location = subject.find(number) { subject.remove(location) }
        }
        let left = (subject.table.count, subject.table.bucketTotal)
        #expect(left == (0, total == 0 ? reserved : 0))
        subject.table.destroy(&subject.arena)
        let live = subject.arena.liveBytes
        #expect(live == 0)
    }

    @Test(arguments: [1, 2])
    func `random steps keep the table equal to the model`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var subject = Subject()
        var model: Set<Int> = []
        for step in 0..<50_000 {
            let number = random.below(4000)
            let grows = step / 10_000 % 2 == 0
            let location = subject.find(number)
            #expect((location != nil) == model.contains(number))
            if let location {
                if random.below(10) < (grows ? 2 : 8) {
                    subject.remove(location)
                    model.remove(number)
                }
            } else if random.below(10) < (grows ? 8 : 2) {
                subject.insert(number)
                model.insert(number)
            }
            if step % 2500 == 0 {
                let (isValid, count) = (subject.isValid, subject.table.count)
                #expect(isValid && count == model.count)
            }
        }
        var walked: Set<String> = []
        subject.table.forEach(subject.arena) { walked.insert($0.entry.key.string) }
        #expect(walked == Set(model.map { "key:\($0)" }))
    }

    @Test(arguments: [1, 2, 3])
    func `stamps move with their entries`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var subject = Subject(isStamped: true)
        var model: [Int: UInt16] = [:]
        for step in 0..<40_000 {
            let number = random.below(4000)
            let bits = UInt16(truncatingIfNeeded: random.next())
            let grows = step / 10_000 % 2 == 0
            if let location = subject.find(number) {
                let stamp = subject.table.stamp(location, subject.arena)
                #expect(stamp.bits == model[number])
                if random.below(10) < (grows ? 2 : 8) {
                    subject.remove(location)
                    model[number] = nil
                } else {
                    subject.table.setStamp(location, AccessStamp(bits: bits), subject.arena)
                    model[number] = bits
                }
            } else if random.below(10) < (grows ? 8 : 2) {
                subject.insert(number)
                if let location = subject.find(number) {
                    subject.table.setStamp(location, AccessStamp(bits: bits), subject.arena)
                }
                model[number] = bits
            }
            if step % 5000 == 0 {
                for (number, bits) in model {
                    let stamp = subject.find(number).map { subject.table.stamp($0, subject.arena) }
                    #expect(stamp?.bits == bits)
                }
                let isValid = subject.isValid
                #expect(isValid)
            }
        }
        for number in model.keys { subject.find(number).map { subject.remove($0) } }
        let live = subject.arena.liveBytes
        #expect(live == 0)
    }

    @Test func `a walk over stamps visits each of them once`() {
        var subject = Subject(isStamped: true)
        for number in 0..<3000 {
            subject.insert(number)
            if let location = subject.find(number) {
                let stamp = AccessStamp(bits: UInt16(number))
                subject.table.setStamp(location, stamp, subject.arena)
            }
        }
        for segment in 0..<subject.table.segmentTotal {
            subject.table.updateStamps(inSegment: segment, subject.arena) {
                AccessStamp(bits: $0.bits &+ 1000)
            }
        }
        for number in 0..<3000 {
            let stamp = subject.find(number).map { subject.table.stamp($0, subject.arena) }
            #expect(stamp?.bits == UInt16(number + 1000))
        }
    }

    @Test func `stamps take two bytes per slot, in tables that keep them`() {
        var plain = Subject()
        var stamped = Subject(isStamped: true)
        for number in 0..<50_000 {
            plain.insert(number)
            stamped.insert(number)
        }
        let buckets = stamped.table.bucketTotal
        let difference = stamped.arena.liveBytes - plain.arena.liveBytes
        // 24 bytes per bucket besides the bucket itself, and 24 more for chained ones.
        #expect(difference >= buckets * 24 && difference <= buckets * 30)
        #expect(MemoryLayout<EntryTable>.size == 24)
    }

    @Test(arguments: 1...6)
    func `a scan visits everything that was there throughout`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var subject = Subject()
        var stays: Set<String> = []
        for number in 0..<500 {
            subject.insert(number)
            stays.insert("key:\(number)")
        }
        var next = 500
        var cursor: UInt64 = 0
        var rounds = 0
        repeat {
            var met: [String] = []
            cursor = subject.table.scan(cursor, subject.arena) { met.append($0.entry.key.string) }
            stays.subtract(met)
            // Grows for the first half of the seeds, and shrinks for the others.
            for _ in 0..<random.below(12) {
                if seed <= 3 {
                    subject.insert(next)
                    next += 1
                } else {
                    let number = random.below(500)
                    if let location = subject.find(number) {
                        subject.remove(location)
                        stays.remove("key:\(number)")
                    }
                }
            }
            rounds += 1
        } while cursor != 0 && rounds < 100_000
        #expect(stays.isEmpty && rounds < 100_000)
    }

    @Test func `a table that must not resize keeps its buckets and catches up later`() {
        var subject = Subject()
        for number in 0..<500 { subject.insert(number) }
        let buckets = subject.table.bucketTotal
        subject.arena.resizesTables = false
        for number in 500..<3000 { subject.insert(number) }
        let longer = subject.table.bucketTotal
        #expect(longer == buckets)
        for number in 0..<2900 {
            if let location = subject.find(number) { subject.remove(location) }
        }
        let shorter = subject.table.bucketTotal
        #expect(shorter == buckets)
        subject.arena.resizesTables = true
        if let location = subject.find(2900) { subject.remove(location) }
        let merged = subject.table.bucketTotal
        #expect(merged == buckets - 1)
        for number in 0..<2900 { subject.insert(number) }
        let grown = subject.table.bucketTotal
        #expect((300...500).contains(grown))
        let isValid = subject.isValid
        #expect(isValid)
    }

    @Test func `draws are uniform`() {
        var random = FastRandom(seed: 4)
        var subject = Subject()
        for number in 0..<40 { subject.insert(number) }
        var drawn: [String: Int] = [:]
        for _ in 0..<40_000 {
            let location = subject.table.random(subject.arena, &random)
            if let location { drawn[location.entry.key.string, default: 0] += 1 }
        }
        #expect(drawn.count == 40)
        #expect(drawn.values.allSatisfy { (800...1200).contains($0) })
    }

    /// How often each entry was drawn in `draws` draws.
    private static func drawn(_ subject: borrowing Subject, _ draws: Int) -> [String: Int] {
        var random = FastRandom(seed: 5)
        var drawn: [String: Int] = [:]
        for _ in 0..<draws {
            let location = subject.table.random(subject.arena, &random)
            if let location { drawn[location.entry.key.string, default: 0] += 1 }
        }
        return drawn
    }

    @Test func `draws reach the ends of long chains, and end even in nearly empty tables`() {
        var subject = Subject()
        subject.arena.resizesTables = false
        for number in 0..<400 { subject.insert(number) }
        #expect(subject.table.bucketTotal == 1)
        let crowded = EntryTableTests.drawn(subject, 20_000)
        #expect(crowded.count == 400 && crowded.values.allSatisfy { (15...100).contains($0) })
        subject.arena.resizesTables = true
        for number in 400..<4_000 { subject.insert(number) }
        let buckets = subject.table.bucketTotal
        subject.arena.resizesTables = false
        for number in 2..<4_000 {
            if let location = subject.find(number) { subject.remove(location) }
        }
        #expect(subject.table.count == 2 && subject.table.bucketTotal == buckets)
        let sparse = EntryTableTests.drawn(subject, 200)
        #expect(sparse.count == 2 && sparse.values.allSatisfy { (50...150).contains($0) })
    }

    @Test func `buckets merge only if both are seen or both unseen`() {
        var subject = Subject()
        for number in 0..<100 { subject.insert(number) }
        subject.arena.watchEpoch = .none.next
        let last = subject.table.bucketTotal - 1
        let areUnseen = subject.table.mayMerge(subject.arena)
        subject.table.markSeen(last, subject.arena)
        let isOneSeen = subject.table.mayMerge(subject.arena)
        for bucket in 0..<last { subject.table.markSeen(bucket, subject.arena) }
        let areSeen = subject.table.mayMerge(subject.arena)
        #expect(areUnseen && !isOneSeen && areSeen)
        subject.insert(1_000)
        for number in 101..<200 { subject.insert(number) }
        for bucket in 0..<subject.table.bucketTotal {
            let isSeen = subject.table.isSeen(bucket, subject.arena)
            #expect(isSeen)
        }
        subject.table.forgetEpochs(subject.arena)
        let isForgotten = !subject.table.isSeen(0, subject.arena)
        let isValid = subject.isValid
        #expect(isForgotten && isValid)
    }

    @Test func `hints lead to what has expired`() {
        var subject = Subject()
        for number in 0..<1000 { subject.insert(number) }
        let base = EntryTable.Tick.origin
        let none = subject.table.dueBucket(from: 0, now: base + 1 << 40, subject.arena) == nil
        #expect(none)
        subject.table.note(expiry: base + 50_000, 40, &subject.arena)
        subject.table.note(expiry: base + 20_000, 90, &subject.arena)
        let early = subject.table.dueBucket(from: 0, now: base + 19_000, subject.arena)
        let middle = subject.table.dueBucket(from: 0, now: base + 20_000, subject.arena)
        let late = subject.table.dueBucket(from: 0, now: base + 60_000, subject.arena)
        #expect(early == nil && middle == 90 && late == 40)
        let first = subject.table.earliestExpiry(subject.arena)
        #expect(first.map { abs($0 - base - 20_000) <= 16 } == true)
        subject.table.correctHint(90, to: nil, subject.arena)
        let rest = subject.table.dueBucket(from: 41, now: base + 1 << 40, subject.arena)
        #expect(rest == nil)
    }
}
