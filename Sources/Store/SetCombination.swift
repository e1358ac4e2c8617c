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
    /// false. A union of many sets takes memory of `shard` meanwhile. `body` must not change the
    /// sets.
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
        var batch = Batch(nearest)
        set.table.forEach(set.shard.arena) { member in
            batch.append(member, set.shard.hash(member))
            return batch.isFull ? batch.filter(by: others, areHolding: areHolding, body) : true
        }
        return batch.filter(by: others, areHolding: areHolding, body)
    }

    /// Some members that are looked up together.
    private struct Batch {
        /// The set in which all of them are looked for.
        let nearest: SetContent
        /// Its table, if it is one; else one without entries.
        let table: EntryTable
        var count = 0
        var goesOn = true
        var members = InlineArray<32, Bytes>(repeating: Bytes())
        var hashes = InlineArray<32, KeyHash>(repeating: KeyHash(bits: 0))

        /// From so many members on a table is larger than the nearer caches.
        static let prefetchedFrom = 30_000

        init(_ nearest: SetContent) {
            self.nearest = nearest
            table = nearest.encoding == .table ? nearest.table.table : EntryTable()
        }

        var isFull: Bool { count == 32 }

        mutating func append(_ member: Bytes, _ hash: KeyHash) {
            members[count] = member
            hashes[count] = hash
            count += 1
        }

        /// Calls `body` with those that all `others` hold, or that none holds, and forgets all;
        /// returns false once `body` does.
        mutating func filter(
            by others: ArraySlice<SetContent>,
            areHolding: Bool,
            _ body: (PackItem, KeyHash?) -> Bool
        ) -> Bool {
            let shard = nearest.shard
            if table.count >= Batch.prefetchedFrom {
                for index in 0..<count { table.prefetchBucket(hashes[index], shard.arena) }
                for index in 0..<count { table.prefetchEntry(hashes[index], shard.arena) }
            }
            let rest = others.dropFirst()
            for index in 0..<count where goesOn {
                let (member, hash) = (members[index], hashes[index])
                guard isHeld(member, hash) == areHolding,
                    rest.isEmpty
                        || rest.allSatisfy({ $0.contains(.bytes(member), hash) == areHolding })
                else { continue }
                goesOn = body(.bytes(member), hash)
            }
            count = 0
            return goesOn
        }

        private func isHeld(_ member: Bytes, _ hash: KeyHash) -> Bool {
            nearest.encoding == .table
                ? table.find(member, hash, nearest.shard.arena) != nil
                : nearest.contains(.bytes(member), hash)
        }
    }
}
