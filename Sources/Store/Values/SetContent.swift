public import Primitives
public import Structures

/// The members of a set, with or without a key: choice of encoding, reading, changing.
///
/// ```text
/// 0 integers  an IntegerSet, up to set-max-intset-entries integers
/// 1 pack      a Pack, up to set-max-listpack-entries members of set-max-listpack-value bytes
/// 2 table     a block of 24 bytes with a MemberTable
/// ```
/// Members are passed as pack items: the two small encodings return numbers as `.integer`, a table
/// returns all members as bytes, and lookups accept either. A set that outgrows its encoding moves
/// to a later one and never goes back.
public struct SetContent {
    /// The encoding of a set.
    public enum Encoding: UInt8, Sendable {
        /// An `IntegerSet`.
        case integers = 0
        /// A `Pack`.
        case pack = 1
        /// A `MemberTable`.
        case table = 2
    }

    /// The shard that holds it.
    public let shard: Shard
    /// The encoding.
    public internal(set) var encoding: Encoding
    /// The root block.
    var root: Handle

    /// Views the set of `entry` in `shard`.
    public init(_ entry: Entry, in shard: Shard) {
        assert(entry.isKind(.set), "another kind of value")
        guard let encoding = Encoding(rawValue: entry.encoding) else {
            preconditionFailure("a set has an encoding")
        }
        self.init(encoding, entry.collection, in: shard)
    }

    init(_ encoding: Encoding, _ root: Handle, in shard: Shard) {
        self.encoding = encoding
        self.root = root
        self.shard = shard
    }

    var integers: IntegerSet { IntegerSet(shard.arena.cell(root)) }
    var pack: Pack { Pack(shard.arena.cell(root)) }
    var table: MemberTable { MemberTable(root, shard.arena) }

    // MARK: Reading

    /// The number of members.
    public var count: Int {
        switch encoding {
        case .integers: integers.count
        case .pack: pack.count
        case .table: table.count
        }
    }

    /// Whether the set contains `member`; `hash` is the hash of its text.
    ///
    /// Complexity: O(1) in a table, O(log n) for integers, O(bytes) in a pack.
    public func contains(_ member: PackItem, _ hash: @autoclosure () -> KeyHash) -> Bool {
        switch encoding {
        case .integers:
            guard case .integer(let number) = member.canonical else { return false }
            return integers.find(number).isFound
        case .pack:
            return pack.find(member.canonical) != nil
        case .table:
            return member.withText { table.table.find($0, hash(), shard.arena) != nil }
        }
    }

    /// Calls `body` with each member until it returns false.
    ///
    /// `body` must not change the set.
    public func forEach(_ body: (PackItem) -> Bool) {
        switch encoding {
        case .integers: integers.forEach { body(.integer($0)) }
        case .pack: pack.forEach { item, _ in body(item) }
        case .table: table.forEach(shard.arena) { body(.bytes($0)) }
        }
    }

    /// Calls `body` with the next members of a scan, with all at once if the set is small.
    ///
    /// Returns the next cursor, zero at the end.
    public func scan(_ cursor: UInt64, _ body: (PackItem) -> Void) -> UInt64 {
        guard encoding == .table else {
            forEach { member in
                body(member)
                return true
            }
            return 0
        }
        return table.table.scan(cursor, shard.arena) { body(.bytes($0.entry.key)) }
    }

    /// Prefetches the bucket for a member with `hash`.
    public func prefetchBucket(_ hash: KeyHash) {
        if encoding == .table { table.table.prefetchBucket(hash, shard.arena) }
    }

    /// Prefetches the entry of a member with `hash`; its bucket should be in the cache already.
    public func prefetchEntry(_ hash: KeyHash) {
        if encoding == .table { table.table.prefetchEntry(hash, shard.arena) }
    }

    // MARK: Drawing

    /// The place of a uniformly random member.
    ///
    /// Precondition: the set is not empty.
    public func draw(_ random: inout FastRandom) -> Int {
        switch encoding {
        case .integers: return random.below(integers.count)
        case .pack: return random.below(pack.count)
        case .table:
            let table = table.table
            guard let location = table.random(shard.arena, &random) else {
                preconditionFailure("a set has members")
            }
            return Int(table.handle(location).units)
        }
    }

    /// The member at a place returned by `draw`; valid while the set is unchanged.
    public func member(at place: Int) -> PackItem {
        switch encoding {
        case .integers: .integer(integers[place])
        case .pack: pack.read(pack.offset(place)).item
        case .table: .bytes(Entry(shard.arena.cell(Handle(units: UInt32(place)))).key)
        }
    }

    // MARK: Changing

    /// Adds `member` and returns true, or returns false if it is present.
    ///
    /// `hash` is the hash of its text. Calls `willChange` before the first change.
    public mutating func add(
        _ member: PackItem,
        _ hash: @autoclosure () -> KeyHash,
        _ limits: EncodingLimits,
        _ willChange: () -> Void
    ) -> Bool {
        switch encoding {
        case .integers:
            let member = member.canonical
            guard case .integer(let number) = member else {
                willChange()
                if hasPackRoom(for: member, limits) { makePack() } else { makeTable() }
                return add(member, hash(), limits) {}
            }
            let (index, isFound) = integers.find(number)
            guard !isFound else { return false }
            willChange()
            root = IntegerSet.insert(number, at: index, root, &shard.arena)
            if integers.count > SetContent.integersMax(limits) { makeTable() }
        case .pack:
            let member = member.canonical
            guard pack.find(member) == nil else { return false }
            willChange()
            guard hasPackRoom(for: member, limits) else {
                makeTable()
                return add(member, hash(), limits) {}
            }
            root = Pack.insert(member, at: pack.byteCount, root, &shard.arena)
        case .table:
            return member.withText { addToTable($0, hash(), willChange) }
        }
        return true
    }

    private func addToTable(_ member: Bytes, _ hash: KeyHash, _ willChange: () -> Void) -> Bool {
        var table = table
        guard table.table.find(member, hash, shard.arena) == nil else { return false }
        willChange()
        table.insert(member, hash, &shard.arena)
        table.save(root, shard.arena)
        return true
    }

    /// Removes `member`; returns whether it was present.
    ///
    /// Calls `willChange` before the change.
    public mutating func remove(
        _ member: PackItem,
        _ hash: @autoclosure () -> KeyHash,
        _ willChange: () -> Void
    ) -> Bool {
        switch encoding {
        case .integers:
            guard case .integer(let number) = member.canonical else { return false }
            let (index, isFound) = integers.find(number)
            guard isFound else { return false }
            willChange()
            root = IntegerSet.remove(index, root, &shard.arena)
        case .pack:
            guard let offset = pack.find(member.canonical) else { return false }
            willChange()
            root = Pack.remove(offset, root, &shard.arena)
        case .table:
            var table = table
            let location = member.withText { table.table.find($0, hash(), shard.arena) }
            guard let location else { return false }
            willChange()
            table.remove(location, &shard.arena)
            table.save(root, shard.arena)
        }
        return true
    }

    /// Calls `body` with a uniformly random member, then removes it.
    ///
    /// Precondition: the set is not empty.
    mutating func pop(_ random: inout FastRandom, _ body: (PackItem) -> Void) {
        switch encoding {
        case .integers:
            let index = random.below(integers.count)
            body(.integer(integers[index]))
            root = IntegerSet.remove(index, root, &shard.arena)
        case .pack:
            let offset = pack.offset(random.below(pack.count))
            body(pack.read(offset).item)
            root = Pack.remove(offset, root, &shard.arena)
        case .table:
            var table = table
            guard let location = table.table.random(shard.arena, &random) else {
                preconditionFailure("a set has members")
            }
            body(.bytes(location.entry.key))
            table.remove(location, &shard.arena)
            table.save(root, shard.arena)
        }
    }
}

extension PackItem {
    /// The form stored in a pack: bytes that spell a canonical integer become one.
    var canonical: PackItem {
        switch self {
        case .bytes(let text): PackItem(encoding: text)
        case .integer: self
        }
    }
}
