internal import Primitives
public import Structures

/// Creates sets, converts their encodings, frees them.
extension SetContent {
    /// Creates an empty set, without a key, for about `count` members, of which `first` is one.
    public static func create(
        first: PackItem?,
        count: Int,
        _ limits: EncodingLimits,
        in shard: Shard
    ) -> SetContent {
        if count <= integersMax(limits) {
            switch first?.canonical {
            case .integer, nil:
                return SetContent(.integers, IntegerSet.create(&shard.arena), in: shard)
            case .bytes: break
            }
        }
        guard count <= packEntriesMax(limits) else {
            return SetContent(MemberTable(), in: shard)
        }
        let payload = first.map(\.byteCount) ?? 1
        return SetContent(.pack, Pack.create(payload, &shard.arena), in: shard)
    }

    private init(_ table: MemberTable, in shard: Shard) {
        let handle = shard.arena.allocate(MemberTable.byteCount)
        table.save(handle, shard.arena)
        self.init(.table, handle, in: shard)
    }

    // MARK: Encodings

    static func integersMax(_ limits: EncodingLimits) -> Int {
        min(limits.setIntegersMax, IntegerSet.countMax)
    }

    private static func packEntriesMax(_ limits: EncodingLimits) -> Int {
        min(limits.setPackEntriesMax, Pack.countMax)
    }

    /// Whether a pack can hold the current members and `member`.
    func hasPackRoom(for member: PackItem, _ limits: EncodingLimits) -> Bool {
        let count = count
        guard count < SetContent.packEntriesMax(limits) else { return false }
        var longest = member.textCount
        if encoding == .integers, count > 0 {
            // The extremes have the longest texts.
            longest = max(longest, PackItem.integer(integers[0]).textCount)
            longest = max(longest, PackItem.integer(integers[count - 1]).textCount)
        }
        return longest <= limits.setPackValueMax
    }

    /// Converts the set to the encoding that suits adding `count` members at once.
    ///
    /// Calls `willChange` first. The set may become a table even if none of those members is new.
    public mutating func prepare(
        adding count: Int,
        _ limits: EncodingLimits,
        _ willChange: () -> Void
    ) {
        switch encoding {
        case .integers: guard count > SetContent.integersMax(limits) else { return }
        case .pack: guard count > SetContent.packEntriesMax(limits) else { return }
        case .table: return
        }
        willChange()
        makeTable()
    }

    mutating func makePack() {
        let (old, integers) = (root, integers)
        var handle = Pack.create(integers.byteCount, &shard.arena)
        integers.forEach { number in
            let end = Pack(shard.arena.cell(handle)).byteCount
            handle = Pack.insert(.integer(number), at: end, handle, &shard.arena)
            return true
        }
        shard.arena.free(old)
        (encoding, root) = (.pack, handle)
    }

    mutating func makeTable() {
        let old = root
        var table = MemberTable()
        forEach { member in
            member.withText { table.insert($0, shard.hash($0), &shard.arena) }
            return true
        }
        shard.arena.free(old)
        self = SetContent(table, in: shard)
    }

    /// Rebuilds the set, starting with the smallest encoding that the first member allows.
    mutating func remake(_ limits: EncodingLimits) {
        var copy: SetContent?
        forEach { member in
            var target = copy ?? .create(first: member, count: 1, limits, in: shard)
            let isNew = target.add(member, member.withText { shard.hash($0) }, limits) {}
            precondition(isNew, "members are distinct")
            copy = target
            return true
        }
        guard let copy else { return }
        shard.retire(.set, encoding.rawValue, root)
        self = copy
    }

    // MARK: Freeing

    /// Frees a set that has no key.
    public func destroy() {
        var budget = Int.max
        let isDone = SetContent.free(encoding: encoding.rawValue, root, &budget, &shard.arena)
        precondition(isDone, "the budget is enough")
    }

    /// Frees about `budget` blocks of a set whose key is gone; returns true once all are freed.
    static func free(
        encoding: UInt8,
        _ root: Handle,
        _ budget: inout Int,
        _ arena: inout Arena
    ) -> Bool {
        if encoding == Encoding.table.rawValue {
            var table = MemberTable(root, arena)
            let isDone = table.destroySome(&budget, &arena)
            guard isDone else {
                table.save(root, arena)
                return false
            }
        }
        arena.free(root)
        budget -= 1
        return true
    }

    /// The total size of its blocks in bytes, with entries estimated from the first 64.
    var byteCount: Int {
        let own = shard.arena.capacity(root)
        guard encoding == .table else { return own }
        var sampled = 0
        var bytes = 0
        table.forEach(shard.arena) { member in
            sampled += 1
            let size = Entry.byteCount(key: member.count, hasWord: false, payload: 0)
            bytes += (size + 7) & ~7
            return sampled < 64
        }
        // A bucket of 64 bytes holds 7 entries.
        return own + (sampled == 0 ? 0 : bytes * count / sampled) + count * 9
    }

    /// Whether the underlying structure is valid; for tests.
    public var isValid: Bool {
        switch encoding {
        case .integers: integers.isValid
        case .pack: pack.isValid
        case .table: table.isValid(shard.arena)
        }
    }
}
