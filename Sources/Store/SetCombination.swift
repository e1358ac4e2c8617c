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
        var batch = Batch()
        var goesOn = true
        func look() -> Bool {
            batch.prefetch(in: nearest)
            for index in 0..<batch.count where goesOn {
                let (member, hash) = (batch.members[index], batch.hashes[index])
                let isWanted = others.allSatisfy { $0.contains(member, hash) == areHolding }
                if isWanted { goesOn = body(member, hash) }
            }
            batch.count = 0
            return goesOn
        }
        set.forEach { member in
            batch.append(member, member.withText { set.shard.hash($0) })
            return batch.isFull ? look() : true
        }
        return look()
    }

    /// Some members that are looked up together.
    private struct Batch {
        static let capacity = 32
        var count = 0
        var members = InlineArray<32, PackItem>(repeating: .integer(0))
        var hashes = InlineArray<32, KeyHash>(repeating: KeyHash(bits: 0))

        var isFull: Bool { count == Batch.capacity }

        mutating func append(_ member: PackItem, _ hash: KeyHash) {
            members[count] = member
            hashes[count] = hash
            count += 1
        }

        func prefetch(in set: SetContent) {
            guard set.encoding == .table else { return }
            for index in 0..<count { set.prefetchBucket(hashes[index]) }
            for index in 0..<count { set.prefetchEntry(hashes[index]) }
        }
    }
}
