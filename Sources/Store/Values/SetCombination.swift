public import Primitives
public import Structures

/// Sets combined, member by member: nothing is kept but what a union of many sets needs.
///
/// Whatever is asked, one set is walked and its members looked for in others. Members of tables are
/// taken some dozens at a time, so that the cache fetches what they are compared with meanwhile.
public struct SetCombination {
    /// What to combine sets to.
    public enum Operation: Sendable {
        /// The members of any set.
        case union
        /// The members that all sets hold.
        case intersection
        /// The members of the first set that no other holds.
        case difference
    }

    /// Up to so many sets a union looks each member up in the sets that came before; beyond, it
    /// keeps a set of those that it has seen.
    private static let lookedUpMax = 8

    private var sets: [SetContent]
    private let operation: Operation

    /// To combine `sets`, in the request's order.
    public init(_ operation: Operation, _ sets: [SetContent]) {
        self.operation = operation
        self.sets = sets
        switch operation {
        case .union:
            self.sets.sort { $0.count > $1.count }
        case .intersection:
            self.sets.sort { $0.count < $1.count }
        case .difference:
            // Where most members are, one is found soonest.
            if sets.count > 2 { self.sets[1...].sort { $0.count > $1.count } }
        }
    }

    /// Calls `body` with every member of the result, and its hash where it is known, until it says
    /// false.
    ///
    /// A union of many sets takes memory of `shard` meanwhile. `body` must not change the sets.
    public func forEach(in shard: Shard, _ body: (PackItem, KeyHash?) -> Bool) {
        guard let first = sets.first else { return }
        switch operation {
        case .intersection:
            guard first.count > 0 else { return }
            if sets.count > 1, sets.allSatisfy({ $0.encoding == .integers }) {
                mergeIntegers(body)
            } else {
                _ = filter(first, by: sets[1...], areHolding: true, body)
            }
        case .difference:
            let others = sets[1...].filter { $0.count > 0 }
            _ = filter(first, by: others[...], areHolding: false, body)
        case .union where sets.count <= SetCombination.lookedUpMax:
            for index in sets.indices where sets[index].count > 0 {
                guard filter(sets[index], by: sets[..<index], areHolding: false, body) else {
                    return
                }
            }
        case .union:
            uniteMany(in: shard, body)
        }
    }

    /// The members that all sets of integers hold: each set is searched onwards from where the
    /// last search ended.
    private func mergeIntegers(_ body: (PackItem, KeyHash?) -> Bool) {
        var starts = [Int](repeating: 0, count: sets.count)
        sets[0].integers.forEach { number in
            for index in 1..<sets.count {
                let other = sets[index].integers
                let (place, isFound) = other.find(number, from: starts[index])
                guard place < other.count else { return false }
                starts[index] = place
                guard isFound else { return true }
            }
            return body(.integer(number), nil)
        }
    }

    private func uniteMany(in shard: Shard, _ body: (PackItem, KeyHash?) -> Bool) {
        var seen = SetContent.create(first: nil, count: 0, EncodingLimits(), in: shard)
        defer { seen.destroy() }
        var goesOn = true
        for set in sets where goesOn {
            set.forEach { member in
                let hash = member.withText { shard.hash($0) }
                if seen.add(member, hash, EncodingLimits(), {}) { goesOn = body(member, hash) }
                return goesOn
            }
        }
    }

    // MARK: Walking one set, looking in others

    /// Calls `body` with the members of `set` that all `others` hold, or that none holds, until it
    /// says false; returns false then.
    private func filter(
        _ set: SetContent,
        by others: ArraySlice<SetContent>,
        areHolding: Bool,
        _ body: (PackItem, KeyHash?) -> Bool
    ) -> Bool {
        guard let nearest = others.first else {
            var goesOn = true
            set.forEach { member in
                goesOn = body(member, nil)
                return goesOn
            }
            return goesOn
        }
        guard set.encoding == .table else {
            var goesOn = true
            set.forEach { member in
                let hash = member.withText { set.shard.hash($0) }
                let isWanted = others.allSatisfy { $0.contains(member, hash) == areHolding }
                if isWanted { goesOn = body(member, hash) }
                return goesOn
            }
            return goesOn
        }
        var goesOn = true
        var search = Search(nearest)
        let rest = others.dropFirst()
        set.table.forEachBatch(set.shard.arena) { members in
            search.prepare(members, areHolding: areHolding)
            for place in 0..<search.count where goesOn {
                let index = Int(search.indices.span[place])
                let (member, hash) = (members[index], search.hashes.span[index])
                guard search.isHeld(member, hash) == areHolding,
                    rest.isEmpty
                        || rest.allSatisfy({ $0.contains(.bytes(member), hash) == areHolding })
                else { continue }
                goesOn = body(.bytes(member), hash)
            }
            return goesOn
        }
        return goesOn
    }

    /// Looks for some members at a time in one set.
    private struct Search: ~Copyable {
        private let set: SetContent
        /// Its table, if it is one; else one without entries.
        private let table: EntryTable
        private let areBucketsPrefetched: Bool
        private let areEntriesPrefetched: Bool
        /// The members' hashes.
        var hashes = InlineArray<32, KeyHash>(repeating: KeyHash(bits: 0))
        /// Which of the members are worth a look, the first `count` only.
        var indices = InlineArray<32, UInt8>(repeating: 0)
        var count = 0

        /// From so many members on the buckets, or the entries, do not fit the nearer caches.
        static let bucketsPrefetchedFrom = 30_000
        static let entriesPrefetchedFrom = 1_000

        init(_ set: SetContent) {
            self.set = set
            table = set.encoding == .table ? set.table.table : EntryTable()
            areBucketsPrefetched = table.count >= Search.bucketsPrefetchedFrom
            areEntriesPrefetched = table.count >= Search.entriesPrefetchedFrom
        }

        /// Hashes `members` and, where those are wanted that the set holds, leaves out those that
        /// buckets do not have: no branch depends on which they are, as nobody could foretell it.
        mutating func prepare(_ members: borrowing MemberTable.Batch, areHolding: Bool) {
            let shard = set.shard
            var hashes = hashes.mutableSpan
            for index in 0..<members.count { hashes[index] = shard.hash(members[index]) }
            if areBucketsPrefetched {
                for index in 0..<members.count { table.prefetchBucket(hashes[index], shard.arena) }
            }
            let looksAtBuckets = areHolding && set.encoding == .table
            var indices = indices.mutableSpan
            var found = 0
            for index in 0..<members.count {
                indices[found] = UInt8(truncatingIfNeeded: index)
                let isIn = !looksAtBuckets || table.mayHold(hashes[index], shard.arena)
                found &+= isIn ? 1 : 0
            }
            if areEntriesPrefetched {
                for place in 0..<found {
                    table.prefetchEntry(hashes[Int(indices[place])], shard.arena)
                }
            }
            count = found
        }

        func isHeld(_ member: Bytes, _ hash: KeyHash) -> Bool {
            set.encoding == .table
                ? table.find(member, hash, set.shard.arena) != nil
                : set.contains(.bytes(member), hash)
        }
    }
}
