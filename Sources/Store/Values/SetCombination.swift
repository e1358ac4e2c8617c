public import Primitives
public import Structures

/// A combination of sets, computed member by member.
///
/// Memory is needed only for a union of many sets. Every operation walks one set and looks its
/// members up in others. Members of tables are processed in batches of a few dozen, so that cache
/// misses overlap.
public struct SetCombination {
    /// How to combine sets.
    public enum Operation: Sendable {
        /// Members of any set.
        case union
        /// Members of all sets.
        case intersection
        /// Members of the first set that are in no other.
        case difference
    }

    /// Up to this many sets, a union looks each member up in the sets before.
    ///
    /// Beyond it, it builds a set of the members seen.
    private static let lookedUpMax = 8

    private var sets: [SetContent]
    private let operation: Operation

    /// Prepares to combine `sets`, given in the request's order.
    public init(_ operation: Operation, _ sets: [SetContent]) {
        self.operation = operation
        self.sets = sets
        switch operation {
        case .union:
            self.sets.sort { $0.count > $1.count }
        case .intersection:
            self.sets.sort { $0.count < $1.count }
        case .difference:
            // The set with most members is the most likely to contain one.
            if sets.count > 2 { self.sets[1...].sort { $0.count > $1.count } }
        }
    }

    /// Calls `body` with each member of the result, until it returns false.
    ///
    /// Also passes the member's hash if it is known. A union of many sets takes memory of `shard`
    /// meanwhile. `body` must not change the sets.
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

    /// Intersects sets of integers: each search in a set starts where the last one ended.
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

    // MARK: Walking one set, searching others

    /// Calls `body` with the members of `set` that all `others` contain, or that none does.
    ///
    /// Stops and returns false when `body` returns false.
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

    /// Looks up a batch of members in one set.
    private struct Search: ~Copyable {
        private let set: SetContent
        /// The table of the set, or an empty one if it has none.
        private let table: EntryTable
        private let areBucketsPrefetched: Bool
        private let areEntriesPrefetched: Bool
        /// The hashes of the members.
        var hashes = InlineArray<32, KeyHash>(repeating: KeyHash(bits: 0))
        /// The indices of the members to look up, of which `count` are valid.
        var indices = InlineArray<32, UInt8>(repeating: 0)
        var count = 0

        /// From this many members on, the buckets or the entries do not fit in the nearer caches.
        static let bucketsPrefetchedFrom = 30_000
        static let entriesPrefetchedFrom = 1_000

        init(_ set: SetContent) {
            self.set = set
            table = set.encoding == .table ? set.table.table : EntryTable()
            areBucketsPrefetched = table.count >= Search.bucketsPrefetchedFrom
            areEntriesPrefetched = table.count >= Search.entriesPrefetchedFrom
        }

        /// Hashes `members`.
        ///
        /// If only members of the set are wanted, drops those that are not in their buckets. No
        /// branch depends on the members, as it could not be predicted.
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
