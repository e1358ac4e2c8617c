public import Primitives
public import Structures

/// A hash: choice of encoding, reading, changing.
///
/// ```text
/// 0 pack            a plain FieldPack, up to hash-max-listpack-entries fields, names and values
///                   of up to hash-max-listpack-value bytes
/// 1 volatile pack   the same with expiries, once any field has had one
/// 2 table           a block of 40 bytes with a FieldTable
/// ```
/// A value may be null (nil), which no command of Redis creates: the field exists, without a value.
/// A hash moves down this list, never up. Readers do not see expired fields, but these still count
/// until `dropDue` removes them; commands that read the whole hash, and the shard's active expiry,
/// call it.
public struct HashValue {
    /// The encoding of a hash.
    public enum Encoding: UInt8, Sendable {
        /// A plain `FieldPack`.
        case pack = 0
        /// A `FieldPack` with expiries.
        case volatilePack = 1
        /// A `FieldTable`.
        case table = 2
    }

    /// The expiry of a field that gets a value.
    public enum Lifetime {
        /// No expiry.
        case stays
        /// The expiry that it had.
        case kept
        /// A time in milliseconds since 1970.
        case until(Int64)
    }

    /// The content of a field, borrowed until the shard changes.
    public struct Field {
        /// The value; nil for null.
        public let content: StringContent?
        /// The expiry in milliseconds since 1970; nil if there is none.
        public let expiry: Int64?
    }

    /// How many expired fields to remove before a command reads a whole hash.
    public static let droppedAtOnce = 256

    /// The slot of the key; valid as long as no key is added or removed.
    public let slot: Shard.Slot

    /// Views the hash at `slot`.
    public init(_ slot: Shard.Slot) {
        assert(slot.entry.isKind(.hash), "another kind of value")
        self.slot = slot
    }

    var shard: Shard { slot.shard }

    var root: Handle {
        get { slot.entry.collection }
        nonmutating set { slot.entry.collection = newValue }
    }

    /// The encoding.
    public var encoding: Encoding { HashValue.encoding(slot.entry) }

    static func encoding(_ entry: Entry) -> Encoding {
        guard let encoding = Encoding(rawValue: entry.encoding) else {
            preconditionFailure("a hash has an encoding")
        }
        return encoding
    }

    /// The name reported by OBJECT ENCODING.
    static func encodingName(_ entry: Entry) -> StaticString {
        switch encoding(entry) {
        case .pack: "listpack"
        case .volatilePack: "listpackex"
        case .table: "hashtable"
        }
    }

    var pack: FieldPack {
        FieldPack(shard.arena.cell(root), isVolatile: encoding == .volatilePack)
    }

    var table: FieldTable { FieldTable(root, shard.arena) }

    // MARK: Reading

    /// The number of fields, including expired ones not yet removed.
    public var count: Int {
        switch encoding {
        case .pack, .volatilePack: pack.count
        case .table: table.count
        }
    }

    /// The field named `name`; nil if it is absent or has expired at `now`.
    ///
    /// Complexity: O(1); in a pack O(fields).
    public func find(_ name: Bytes, now: Int64) -> Field? {
        switch encoding {
        case .pack, .volatilePack:
            guard let field = pack.find(name), !field.isDue(now) else { return nil }
            return Field(content: field.value.map { StringContent($0) }, expiry: field.expiry)
        case .table:
            let table = table.table
            guard let location = table.find(name, shard.hash(name), shard.arena),
                !location.entry.isDue(now)
            else { return nil }
            return Field(
                content: HashValue.content(location.entry),
                expiry: location.entry.expiry
            )
        }
    }

    /// Calls `body` with each field that has not expired at `now`, until it returns false.
    ///
    /// `body` must not change the hash.
    public func forEach(now: Int64, _ body: (StringContent, StringContent?) -> Bool) {
        switch encoding {
        case .pack, .volatilePack:
            pack.forEach { field in
                field.isDue(now)
                    || body(StringContent(field.name), field.value.map { StringContent($0) })
            }
        case .table:
            let table = table.table
            var goesOn = true
            let total = table.bucketTotal
            for bucket in 0..<total where goesOn {
                if bucket + 2 < total { table.prefetchEntries(inBucket: bucket + 2, shard.arena) }
                table.forEach(inBucket: bucket, shard.arena) { location in
                    guard goesOn, !location.entry.isDue(now) else { return }
                    goesOn = body(
                        .bytes(location.entry.key),
                        HashValue.content(location.entry)
                    )
                }
            }
        }
    }

    /// The number of fields that have not expired at `now`.
    ///
    /// Complexity: O(1), or O(fields) if some have expired.
    public func liveCount(now: Int64) -> Int {
        guard let earliest = earliestExpiry, earliest <= now else { return count }
        var live = 0
        forEach(now: now) { _, _ in
            live += 1
            return true
        }
        return live
    }

    /// Calls `body` with the next fields of a scan, with all at once if the hash is a pack.
    ///
    /// Returns the next cursor, zero at the end.
    public func scan(
        _ cursor: UInt64,
        now: Int64,
        _ body: (StringContent, StringContent?) -> Void
    ) -> UInt64 {
        switch encoding {
        case .pack, .volatilePack:
            forEach(now: now) { name, value in
                body(name, value)
                return true
            }
            return 0
        case .table:
            return table.table.scan(cursor, shard.arena) { location in
                guard !location.entry.isDue(now) else { return }
                body(.bytes(location.entry.key), HashValue.content(location.entry))
            }
        }
    }

    // MARK: Changing

    /// Sets `name` to a value or (nil) null, adding it if absent; takes over a block's reference.
    ///
    /// Returns whether the field is new.
    @discardableResult
    public func set(
        _ name: Bytes,
        _ content: StringContent?,
        _ lifetime: Lifetime,
        _ limits: EncodingLimits,
        now: Int64
    ) -> Bool {
        switch encoding {
        case .pack, .volatilePack: setInPack(name, content, lifetime, limits, now)
        case .table: setInTable(name, content, lifetime, now)
        }
    }

    private func setInPack(
        _ name: Bytes,
        _ content: StringContent?,
        _ lifetime: Lifetime,
        _ limits: EncodingLimits,
        _ now: Int64
    ) -> Bool {
        let found = pack.find(name)
        let isLive = found.map { !$0.isDue(now) } ?? false
        let fieldCount = pack.count + (found == nil ? 1 : 0)
        let value = content.flatMap { PackItem($0) }
        guard (value == nil) == (content == nil),
            HashValue.fitsPack(fieldCount, max(name.count, content?.count ?? 0), limits)
        else {
            makeTable()
            return setInTable(name, content, lifetime, now)
        }
        shard.willEdit(slot)
        let expiry = lifetime.expiry(after: isLive ? found?.expiry : nil)
        if let found, let value, expiry == found.expiry {
            root = pack.replace(found, value: value, root, &shard.arena)
            return !isLive
        }
        trackingVolatile {
            if let found { root = pack.remove(found, root, &shard.arena) }
            if expiry != nil { makeVolatile() }
            root = pack.insert(PackItem(encoding: name), value, expiry, root, &shard.arena)
        }
        if let expiry { announce(expiry) }
        return !isLive
    }

    private func setInTable(
        _ name: Bytes,
        _ content: StringContent?,
        _ lifetime: Lifetime,
        _ now: Int64
    ) -> Bool {
        if case .bytes(let bytes) = content, bytes.count > Entry.inlineValueMax {
            return setInTable(name, .block(StringValue.block(bytes)), lifetime, now)
        }
        var table = table
        let hadVolatile = table.volatileCount > 0
        let hash = shard.hash(name)
        let (encoding, payload) = HashValue.layout(content)
        let found = table.table.find(name, hash, shard.arena)
        let isLive = found.map { !$0.entry.isDue(now) } ?? false
        let expiry = lifetime.expiry(after: isLive ? found?.entry.expiry : nil)
        shard.willEdit(slot)
        let location: EntryTable.Location
        if let found {
            HashValue.freeBlock(found.entry, in: shard)
            location = table.rebuild(
                found,
                encoding: encoding.rawValue,
                expiry: expiry,
                payload: payload,
                &shard.arena
            )
        } else {
            location = table.insert(
                name,
                hash,
                encoding: encoding.rawValue,
                expiry: expiry,
                payload: payload,
                &shard.arena
            )
        }
        if let content { StringValue.write(content, to: location.entry, in: shard) }
        table.save(root, shard.arena)
        noteVolatile(before: hadVolatile, after: table.volatileCount > 0)
        if let expiry { announce(expiry) }
        return !isLive
    }

    /// Removes `name`; false if it is absent or has expired at `now`.
    ///
    /// Expired fields are left to `dropDue`, whose callers report them. The key stays, even without
    /// fields.
    public func remove(_ name: Bytes, now: Int64) -> Bool {
        switch encoding {
        case .pack, .volatilePack:
            guard let field = pack.find(name), !field.isDue(now) else { return false }
            shard.willEdit(slot)
            trackingVolatile { root = pack.remove(field, root, &shard.arena) }
            return true
        case .table:
            var table = table
            guard let location = table.table.find(name, shard.hash(name), shard.arena),
                !location.entry.isDue(now)
            else { return false }
            shard.willEdit(slot)
            let hadVolatile = table.volatileCount > 0
            HashValue.freeBlock(location.entry, in: shard)
            table.remove(location, &shard.arena)
            table.save(root, shard.arena)
            noteVolatile(before: hadVolatile, after: table.volatileCount > 0)
            return true
        }
    }

    /// Removes the key if it has no fields.
    ///
    /// Returns whether it did.
    @discardableResult
    public func removeIfEmpty() -> Bool {
        guard count == 0 else { return false }
        shard.remove(slot)
        return true
    }

    // MARK: Creating

    /// Whether a hash of `count` fields, names and values up to `bytes` long, is kept as a pack.
    static func fitsPack(_ count: Int, _ bytes: Int, _ limits: EncodingLimits) -> Bool {
        count <= min(limits.hashPackEntriesMax, FieldPack.countMax)
            && bytes <= min(limits.hashPackValueMax, Entry.inlineValueMax)
    }

    /// Adds `key`, which must be absent, without fields; the first pair will have `bytes` bytes.
    public static func create(_ key: Key, pairBytes bytes: Int, in shard: Shard) -> HashValue {
        let handle = Pack.create(min(bytes, 256) + 2, &shard.arena)
        let slot = shard.insert(
            key,
            kind: .hash,
            encoding: Encoding.pack.rawValue,
            expiry: nil,
            payload: 4
        )
        slot.entry.collection = handle
        return HashValue(slot)
    }

    /// Converts the hash to a table.
    public func makeTable() {
        guard encoding != .table else { return }
        shard.willEdit(slot)
        let old = root
        var table = FieldTable()
        pack.forEach { field in
            field.name.withText { name in
                HashValue.insert(
                    name,
                    field.value.map { StringContent($0) },
                    field.expiry,
                    into: &table,
                    in: shard
                )
            }
            return true
        }
        let handle = shard.arena.allocate(FieldTable.byteCount)
        table.save(handle, shard.arena)
        slot.entry.encoding = Encoding.table.rawValue
        root = handle
        shard.arena.free(old)
    }

    /// Converts a plain pack to a volatile one.
    func makeVolatile() {
        guard encoding == .pack else { return }
        root = pack.makeVolatile(root, &shard.arena)
        slot.entry.encoding = Encoding.volatilePack.rawValue
    }

    /// Adds a field that the table does not hold; takes over a block's reference.
    static func insert(
        _ name: Bytes,
        _ content: StringContent?,
        _ expiry: Int64?,
        into table: inout FieldTable,
        in shard: Shard
    ) {
        let (encoding, payload) = layout(content)
        let location = table.insert(
            name,
            shard.hash(name),
            encoding: encoding.rawValue,
            expiry: expiry,
            payload: payload,
            &shard.arena
        )
        if let content { StringValue.write(content, to: location.entry, in: shard) }
    }

    /// The value in a field's entry; nil for null.
    public static func content(_ entry: Entry) -> StringContent? {
        entry.stringEncoding == .null ? nil : StringValue.content(entry)
    }

    private static func layout(_ content: StringContent?) -> (StringEncoding, Int) {
        content.map { StringValue.layout($0) } ?? (.null, 0)
    }

    // MARK: Freeing

    /// Frees what a field's entry refers to outside the arena.
    static func freeBlock(_ entry: Entry, in shard: Shard) {
        guard entry.stringEncoding == .external else { return }
        shard.release(SharedBlock(address: entry.externalAddress))
    }

    /// Frees up to `budget` blocks of a hash whose key is gone; returns true once all are freed.
    static func free(
        encoding: UInt8,
        _ root: Handle,
        _ budget: inout Int,
        in shard: Shard
    ) -> Bool {
        if encoding == Encoding.table.rawValue {
            var table = FieldTable(root, shard.arena)
            guard table.destroySome(&budget, &shard.arena, { freeBlock($0, in: shard) }) else {
                table.save(root, shard.arena)
                return false
            }
        }
        shard.arena.free(root)
        budget -= 1
        return true
    }

    /// Frees what the fields of `entry` refer to outside the arena, before the arena is destroyed.
    static func freeBlocks(_ entry: Entry, in shard: Shard) {
        guard encoding(entry) == .table else { return }
        FieldTable(entry.collection, shard.arena).table.forEach(shard.arena) {
            freeBlock($0.entry, in: shard)
        }
    }

    /// The total size of its blocks in bytes, with entries estimated from the first 64.
    var byteCount: Int {
        let own = shard.arena.capacity(root)
        guard encoding == .table else { return own }
        let table = table.table
        var (sampled, bytes) = (0, 0)
        for bucket in 0..<table.bucketTotal where sampled < 64 {
            table.forEach(inBucket: bucket, shard.arena) { location in
                sampled += 1
                bytes += shard.arena.capacity(table.handle(location))
                guard location.entry.stringEncoding == .external else { return }
                bytes += SharedBlock(address: location.entry.externalAddress).byteCount
            }
        }
        // A bucket of 64 bytes holds 7 entries.
        return own + (sampled == 0 ? 0 : bytes * count / sampled) + count * 9
    }
}

extension HashValue.Lifetime {
    /// The expiry of a field whose old expiry was `old`.
    func expiry(after old: Int64?) -> Int64? {
        switch self {
        case .stays: nil
        case .kept: old
        case .until(let moment): moment
        }
    }
}

extension StringContent {
    /// The content of a pack's item.
    public init(_ item: PackItem) {
        switch item {
        case .bytes(let bytes): self = .bytes(bytes)
        case .integer(let number): self = .integer(number)
        }
    }
}

extension PackItem {
    /// The pack item for `content`; nil for a block.
    init?(_ content: StringContent) {
        switch content {
        case .bytes(let bytes): self = .bytes(bytes)
        case .integer(let number): self = .integer(number)
        case .block: return nil
        }
    }
}
