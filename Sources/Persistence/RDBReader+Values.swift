internal import Primitives
public import Store
internal import Structures

/// Reads values of every supported type.
extension RDBReader {
    /// Where to add values, and with which encodings.
    public struct Target {
        let shard: Shard
        let limits: EncodingLimits
        /// Milliseconds since 1970.
        let now: Int64

        /// Adds values to `shard`, whose partition is locked, with encodings according to `limits`.
        public init(_ shard: Shard, _ limits: EncodingLimits, now: Int64) {
            self.shard = shard
            self.limits = limits
            self.now = now
        }
    }

    /// Reads a value with the type number `type` and adds it as `key`, which must not exist.
    ///
    /// If it throws, no key is added. Complexity: O(bytes).
    public mutating func value(
        ofType type: UInt8,
        as key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        guard let type = RDBType(rawValue: type) else { throw failure(.unknownType(type)) }
        do throws(RDBFailure) {
            try add(type, key, target)
        } catch {
            if let slot = target.shard.find(key) { target.shard.remove(slot) }
            throw error
        }
    }

    private mutating func add(
        _ type: RDBType,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        switch type {
        case .string:
            let content = StringContent(encoding: try string())
            StringValue.set(key, content, expiry: nil, at: nil, in: target.shard)
        case .list: try list(key, target)
        case .listZiplist: try packedLists(1, .ziplist, key, target)
        case .quicklist: try packedLists(try count(), .ziplist, key, target)
        case .quicklist2: try packedLists(try count(), nil, key, target)
        case .set: try set(key, target)
        case .setOfIntegers: try integers(key, target)
        case .setListpack: try packedSet(key, target)
        case .sortedSet:
            try sortedSet(key, target) { reader throws(RDBFailure) in try reader.score() }
        case .sortedSetOfText:
            try sortedSet(key, target) { reader throws(RDBFailure) in try reader.scoreText() }
        case .sortedSetZiplist: try packedSortedSet(.ziplist, key, target)
        case .sortedSetListpack: try packedSortedSet(.listpack, key, target)
        case .hash, .hashWithExpiries, .hashWithExpiries22: try hash(type, key, target)
        case .hashZipmap: try packedHash(.zipmap, hasExpiries: false, key, target)
        case .hashZiplist: try packedHash(.ziplist, hasExpiries: false, key, target)
        case .hashListpack: try packedHash(.listpack, hasExpiries: false, key, target)
        case .hashListpackPreview: try packedHash(.listpack, hasExpiries: true, key, target)
        case .hashListpackWithExpiries:
            _ = try fixed()
            try packedHash(.listpack, hasExpiries: true, key, target)
        case .stream1, .stream2, .stream3, .stream4, .stream5:
            try stream(type, key, target)
        case .module, .moduleOfOldServers: throw failure(.module)
        }
    }

    /// The next packed item; throws `.badPack` if it is damaged.
    private func next(_ items: inout PackedItems) throws(RDBFailure) -> PackItem? {
        do {
            return try items.next()
        } catch {
            throw failure(.badPack)
        }
    }

    func items(_ bytes: Bytes, _ form: PackedItems.Form) throws(RDBFailure) -> PackedItems {
        do {
            return try PackedItems(bytes, form)
        } catch {
            throw failure(.badPack)
        }
    }

    // MARK: Lists

    private mutating func list(_ key: Key, _ target: Target) throws(RDBFailure) {
        let count = try count()
        var list = ListMaker(key, target)
        for _ in 0..<count { list.append(PackItem(encoding: try string())) }
        guard !list.isEmpty else { throw failure(.emptyCollection) }
    }

    /// Reads `count` packs; if `form` is nil, each is preceded by its form.
    private mutating func packedLists(
        _ count: Int,
        _ form: PackedItems.Form?,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        var list = ListMaker(key, target)
        for _ in 0..<count {
            var isPacked = true
            if form == nil {
                switch try number() {
                case 1: isPacked = false
                case 2: break
                default: throw failure(.badPack)
                }
            }
            let bytes = try string()
            guard isPacked else {
                list.append(PackItem(encoding: bytes))
                continue
            }
            var items = try items(bytes, form ?? .listpack)
            while let item = try next(&items) { list.append(item) }
        }
        guard !list.isEmpty else { throw failure(.emptyCollection) }
    }

    /// A list under construction.
    private struct ListMaker {
        let key: Key
        let target: Target
        private var list: ListValue?

        init(_ key: Key, _ target: Target) {
            self.key = key
            self.target = target
        }

        var isEmpty: Bool { list == nil }

        mutating func append(_ item: PackItem) {
            let bytes = item.textCount
            let list = list ?? ListValue.create(key, bytes: bytes, in: target.shard)
            list.grow(by: 1, bytes: bytes, target.limits)
            list.push(item, atFront: false, target.limits)
            self.list = list
        }
    }

    // MARK: Sets

    private mutating func set(_ key: Key, _ target: Target) throws(RDBFailure) {
        let count = try count()
        guard count > 0 else { throw failure(.emptyCollection) }
        var set: SetValue?
        for _ in 0..<count {
            try add(PackItem(encoding: try string()), to: &set, count, key, target)
        }
    }

    private mutating func packedSet(_ key: Key, _ target: Target) throws(RDBFailure) {
        var items = try items(try string(), .listpack)
        var set: SetValue?
        while let item = try next(&items) { try add(item, to: &set, 0, key, target) }
        guard set != nil else { throw failure(.emptyCollection) }
    }

    private mutating func integers(_ key: Key, _ target: Target) throws(RDBFailure) {
        let blob = try string()
        guard blob.count >= 8 else { throw failure(.badPack) }
        let width = Int(blob.littleEndian(0, 4))
        let count = Int(blob.littleEndian(4, 4))
        guard [2, 4, 8].contains(width), count > 0, blob.count == 8 + count * width else {
            throw failure(count == 0 ? .emptyCollection : .badPack)
        }
        var set: SetValue?
        for index in 0..<count {
            let number = blob.signedLittleEndian(8 + index * width, width)
            try add(.integer(number), to: &set, count, key, target)
        }
    }

    /// Adds a member to a set that is created with it, or to an existing one.
    ///
    /// About `count` members are expected in total.
    private func add(
        _ member: PackItem,
        to set: inout SetValue?,
        _ count: Int,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        if set == nil {
            let content = SetContent.create(
                first: member,
                count: count,
                target.limits,
                in: target.shard
            )
            set = SetValue(key, takingOver: content, in: target.shard)
        }
        let hash = member.withText { target.shard.hash($0) }
        guard set?.add(member, hash, target.limits) == true else { throw failure(.duplicate) }
    }

    // MARK: Sorted sets

    private mutating func sortedSet(
        _ key: Key,
        _ target: Target,
        _ score: (inout RDBReader) throws(RDBFailure) -> Double
    ) throws(RDBFailure) {
        let count = try count()
        guard count > 0 else { throw failure(.emptyCollection) }
        var set: SortedSetValue?
        for _ in 0..<count {
            let member = try string()
            try add(member, try score(&self), to: &set, key, target)
        }
    }

    private mutating func packedSortedSet(
        _ form: PackedItems.Form,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        var items = try items(try string(), form)
        var set: SortedSetValue?
        while let member = try next(&items) {
            guard let text = try next(&items) else { throw failure(.badPack) }
            let score: Double? =
                switch text {
                case .integer(let number): Double(number)
                case .bytes(let bytes): FloatText.numberInAnyRange(bytes)
                }
            guard let score, !score.isNaN else { throw failure(.badNumber) }
            try member.withText { (bytes) throws(RDBFailure) in
                try add(bytes, score, to: &set, key, target)
            }
        }
        guard set != nil else { throw failure(.emptyCollection) }
    }

    private func add(
        _ member: Bytes,
        _ score: Double,
        to set: inout SortedSetValue?,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        let value =
            set
            ?? SortedSetValue.create(
                key,
                memberBytes: member.count,
                target.limits,
                in: target.shard
            )
        set = value
        var isNew = false
        value.edit(member, target.limits) { old in
            isNew = old == nil
            return isNew ? score : nil
        }
        guard isNew else { throw failure(.duplicate) }
    }

    // MARK: Hashes

    private mutating func hash(
        _ type: RDBType,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        let earliest: Int64 = type == .hashWithExpiries ? try fixed() : 0
        let count = try count()
        guard count > 0 else { throw failure(.emptyCollection) }
        var hash: HashValue?
        for _ in 0..<count {
            var expiry: Int64?
            if type == .hashWithExpiries {
                let distance = try number()
                if distance > 0 { expiry = try moment(earliest, distance - 1) }
            } else if type == .hashWithExpiries22, !isValkey {
                let moment = try number()
                if moment > 0 { expiry = try self.moment(0, moment) }
            }
            let name = try string(.first)
            let value = try string(.second)
            if type == .hashWithExpiries22, isValkey {
                let moment: Int64 = try fixed()
                if moment >= 0 { expiry = moment }
            }
            try add(name, StringContent(encoding: value), expiry, to: &hash, key, target)
        }
        if let hash { try nullFields(of: hash, target) }
    }

    private func moment(_ start: Int64, _ distance: UInt64) throws(RDBFailure) -> Int64 {
        let (moment, overflow) = start.addingReportingOverflow(Int64(clamping: distance))
        guard !overflow, moment >= 0 else { throw failure(.badNumber) }
        return moment
    }

    private mutating func packedHash(
        _ form: PackedItems.Form,
        hasExpiries: Bool,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        var items = try items(try string(), form)
        var hash: HashValue?
        while let name = try next(&items) {
            guard let value = try next(&items) else { throw failure(.badPack) }
            var expiry: Int64?
            if hasExpiries {
                guard case .integer(let moment)? = try next(&items), moment >= 0 else {
                    throw failure(.badPack)
                }
                if moment > 0 { expiry = moment }
            }
            try name.withText { (bytes) throws(RDBFailure) in
                try add(bytes, StringContent(value), expiry, to: &hash, key, target)
            }
        }
        guard hash != nil else { throw failure(.emptyCollection) }
    }

    private func add(
        _ name: Bytes,
        _ value: StringContent,
        _ expiry: Int64?,
        to hash: inout HashValue?,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        let bytes = name.count + value.count
        let place = hash ?? HashValue.create(key, pairBytes: bytes, in: target.shard)
        hash = place
        let isNew = place.set(
            name,
            value,
            expiry.map { .until($0) } ?? .stays,
            target.limits,
            now: .min
        )
        guard isNew else { throw failure(.duplicate) }
    }
}
