import Primitives
import Testing

@testable import Structures

/// States beside the slots: they go where their entries go.
@Suite struct EntryTableStatesTests {
    private struct Subject: ~Copyable {
        var arena = Arena()
        var table = EntryTable(isStamped: true)

        init() { arena.keepsStates = true }

        func hash(_ number: Int) -> (key: [UInt8], hash: KeyHash) {
            let key = Array("key:\(number)".utf8)
            return (key, key.withBytes { arena.hasher($0) })
        }

        func find(_ number: Int) -> EntryTable.Location? {
            let (key, hash) = hash(number)
            return key.withBytes { table.find($0, hash, arena) }
        }

        mutating func insert(_ number: Int, _ state: EntryState) {
            let (key, hash) = hash(number)
            let location = key.withBytes {
                table.insert(
                    $0,
                    hash,
                    kind: .member,
                    encoding: 0,
                    word: nil,
                    payload: 0,
                    &arena
                )
            }
            table.setState(location, state)
        }

        mutating func remove(_ number: Int) {
            if let location = find(number) { table.removeEntry(location, &arena) }
        }

        func state(_ number: Int) -> EntryState? { find(number).map { table.state($0) } }

        /// Passes the hand over all buckets; returns the numbers offered.
        func passHand(limit: EntryState = .cold, endsProbation: Bool = false) -> Set<Int> {
            var offered: Set<Int> = []
            for bucket in 0..<table.bucketTotal {
                table.passHand(
                    over: bucket,
                    limit: limit,
                    endsProbation: endsProbation,
                    arena
                ) { offered.insert(Int($0.entry.key.string.dropFirst(4)) ?? -1) }
            }
            return offered
        }
    }

    private static func state(of number: Int) -> EntryState {
        EntryState(rawValue: UInt32(number % 4)) ?? .cold
    }

    @Test(arguments: [true, false])
    func `states stay with their entries through splits, merges and chains`(resizes: Bool) {
        var subject = Subject()
        subject.arena.resizesTables = resizes
        for number in 0..<2_000 {
            subject.insert(number, EntryTableStatesTests.state(of: number))
        }
        for number in 0..<2_000 {
            let state = subject.state(number)
            #expect(state == EntryTableStatesTests.state(of: number))
        }
        for number in 0..<2_000 where number % 10 != 3 { subject.remove(number) }
        for number in stride(from: 3, to: 2_000, by: 10) {
            let state = subject.state(number)
            #expect(state == EntryTableStatesTests.state(of: number))
        }
        let isValid = subject.table.isValid(subject.arena, hasExpiries: false)
        #expect(isValid)
    }

    @Test func `a use warms an entry, and ends its probation`() {
        var subject = Subject()
        subject.insert(1, .probation)
        var states: [EntryState?] = []
        for mayBeHot in [false, false, true, true] {
            guard let location = subject.find(1) else { break }
            subject.table.warm(location, mayBeHot: mayBeHot)
            states.append(subject.state(1))
        }
        #expect(states == [.warm, .warm, .hot, .hot])
    }

    @Test func `the hand offers what is cold, and cools the rest but for those on probation`() {
        var subject = Subject()
        for number in 0..<400 { subject.insert(number, EntryTableStatesTests.state(of: number)) }
        let first = subject.passHand()
        #expect(first == Set((0..<400).filter { $0 % 4 == 0 }))
        let second = subject.passHand()
        #expect(second == Set((0..<400).filter { $0 % 4 < 2 }))
        let third = subject.passHand()
        #expect(third == Set((0..<400).filter { $0 % 4 < 3 }))
        _ = subject.passHand(endsProbation: true)
        let last = subject.passHand()
        #expect(last.count == 400)
    }

    @Test func `a limit lets warmer ones go`() {
        var subject = Subject()
        for number in 0..<100 { subject.insert(number, number % 2 == 0 ? .warm : .hot) }
        let none = subject.passHand().isEmpty
        #expect(none)
        for number in 0..<100 {
            guard let location = subject.find(number) else { continue }
            subject.table.setState(location, number % 2 == 0 ? .warm : .hot)
        }
        let warm = subject.passHand(limit: .warm)
        #expect(warm == Set((0..<100).filter { $0 % 2 == 0 }))
        for number in 0..<100 {
            guard let location = subject.find(number) else { continue }
            subject.table.setState(location, .hot)
        }
        let hot = subject.passHand(limit: .hot).count
        #expect(hot == 100)
    }

    @Test func `a ticket finds its entry while that is on probation, wherever it has gone`() {
        var subject = Subject()
        let tickets = (0..<1_500).map { EntryTable.ticket(of: subject.hash($0).hash) }
        for number in 0..<1_500 { subject.insert(number, .probation) }
        var found = 0
        for number in 0..<1_500 {
            guard let location = subject.table.probationer(tickets[number], subject.arena) else {
                continue
            }
            if location.entry.key.string == "key:\(number)" { found += 1 }
        }
        // The others have the tag of a neighbour.
        #expect(found >= 1_450)
        guard let location = subject.find(7) else { return #expect(Bool(false)) }
        subject.table.setState(location, .cold)
        let other = subject.table.probationer(tickets[7], subject.arena)
        #expect(other.map { $0.entry.key.string != "key:7" } ?? true)
    }

    @Test func `the nearest expiry is found, and buckets without one are passed over`() {
        var subject = Subject()
        var random = FastRandom(seed: 4)
        for number in 0..<5_000 { subject.insert(number, .cold) }
        let none = subject.table.nearestBucket(samples: 16, subject.arena, &random) == nil
        let hinted = subject.table.hintedBucket(from: 0, subject.arena) == nil
        #expect(none && hinted)
        let base = EntryTable.Tick.origin
        subject.table.note(expiry: base + 90_000, 500, &subject.arena)
        subject.table.note(expiry: base + 50_000, 131, &subject.arena)
        subject.table.note(expiry: base + 70_000, 130, &subject.arena)
        let nearest = subject.table.nearestBucket(samples: 100, subject.arena, &random)
        let first = subject.table.hintedBucket(from: 0, subject.arena)
        let next = subject.table.hintedBucket(from: 132, subject.arena)
        #expect(nearest == 131 && first == 130 && next == 500)
    }
}
