public import Primitives

/// A large hash: a table of entries that hold fields and values as the keyspace holds strings.
///
/// ```text
/// 0            24         32
/// ┌────────────┬──────────┬──────────┐        ┌───────────────────────────────────┐
/// │ EntryTable │ earliest │ volatile │ ─────▶ │ entry: field, expiry as word, value │
/// └────────────┴──────────┴──────────┘        └───────────────────────────────────┘
/// ```
/// The table's hints tell which buckets may have expired fields. A plain value that does not own
/// its memory; the caller frees what entries refer to outside the arena.
///
/// ## Invariants
/// `volatileCount` fields have an expiry, none of them before `earliest`.
@frozen
public struct FieldTable: BitwiseCopyable, Sendable {
    private static let earliestOffset = 24
    private static let volatileOffset = 32
    /// The size of the block that `save` writes, in bytes.
    public static let byteCount = 40

    /// The entries of the fields.
    public private(set) var table = EntryTable()
    /// A time (milliseconds since 1970) before which nothing expires.
    public private(set) var earliest = Int64.max
    /// The number of fields with an expiry.
    public private(set) var volatileCount = 0

    /// Creates an empty table without memory.
    public init() {}

    /// Loads the table that was saved in the block `handle`.
    public init(_ handle: Handle, _ arena: borrowing Arena) {
        let cell = arena.cell(handle)
        table = cell.load(0)
        earliest = cell.load(FieldTable.earliestOffset)
        volatileCount = cell.load(FieldTable.volatileOffset)
    }

    /// Saves the table to the block `handle`.
    public func save(_ handle: Handle, _ arena: borrowing Arena) {
        let cell = arena.cell(handle)
        cell.store(table, 0)
        cell.store(earliest, FieldTable.earliestOffset)
        cell.store(volatileCount, FieldTable.volatileOffset)
    }

    /// The number of fields, including expired ones.
    public var count: Int { table.count }

    // MARK: Changing

    /// Adds a field that is not there; the caller writes `payload` bytes of value.
    public mutating func insert(
        _ name: Bytes,
        _ hash: KeyHash,
        encoding: UInt8,
        expiry: Int64?,
        payload: Int,
        _ arena: inout Arena
    ) -> EntryTable.Location {
        let word = expiry.map { UInt64(bitPattern: $0) }
        let location = table.insert(
            name,
            hash,
            kind: .string,
            encoding: encoding,
            word: word,
            payload: payload,
            &arena
        )
        if let expiry {
            volatileCount += 1
            note(expiry, location, &arena)
        }
        return location
    }

    /// Gives a field another expiry, and space for another value, which the caller writes.
    public mutating func rebuild(
        _ location: EntryTable.Location,
        encoding: UInt8,
        expiry: Int64?,
        payload: Int,
        _ arena: inout Arena
    ) -> EntryTable.Location {
        countVolatile(location, expiry)
        let word = expiry.map { UInt64(bitPattern: $0) }
        let target = table.rebuild(
            location,
            kind: .string,
            encoding: encoding,
            word: word,
            payload: payload,
            &arena
        )
        if let expiry { note(expiry, target, &arena) }
        return target
    }

    /// Sets or (nil) removes the expiry of a field.
    public mutating func setExpiry(
        _ location: EntryTable.Location,
        _ expiry: Int64?,
        _ arena: inout Arena
    ) {
        countVolatile(location, expiry)
        let target = table.setWord(location, expiry.map { UInt64(bitPattern: $0) }, &arena)
        if let expiry { note(expiry, target, &arena) }
    }

    /// Removes a field and frees its entry.
    public mutating func remove(_ location: EntryTable.Location, _ arena: inout Arena) {
        countVolatile(location, nil)
        table.removeEntry(location, &arena)
    }

    private mutating func countVolatile(_ location: EntryTable.Location, _ expiry: Int64?) {
        volatileCount += (expiry == nil ? 0 : 1) - (location.entry.hasWord ? 1 : 0)
        assert(volatileCount >= 0 && volatileCount <= count, "more expiries than fields")
        if volatileCount == 0 { earliest = .max }
    }

    private mutating func note(
        _ expiry: Int64,
        _ location: EntryTable.Location,
        _ arena: inout Arena
    ) {
        earliest = min(earliest, expiry)
        table.note(expiry: expiry, location.bucket, &arena)
    }

    // MARK: Expiring

    /// Removes up to `budget` fields that have expired at `now`; returns how many.
    ///
    /// Calls `willRemove` with each one first.
    ///
    /// Complexity: O(removed), plus one word per 64 buckets.
    public mutating func removeDue(
        _ now: Int64,
        _ budget: inout Int,
        _ arena: inout Arena,
        _ willRemove: (Entry) -> Void
    ) -> Int {
        let before = count
        var countAtStart = count
        var start = 0
        while volatileCount > 0, earliest <= now {
            if let bucket = table.dueBucket(from: start, now: now, arena) {
                guard removeDue(inBucket: bucket, now, &budget, &arena, willRemove) else { break }
                start = bucket + 1
            } else if count < countAtStart {
                // A removal may have moved expired fields to an earlier bucket.
                countAtStart = count
                start = 0
            } else {
                // Hints are rounded down, but what has not expired at `now` expires later.
                earliest = max(table.earliestExpiry(arena) ?? .max, now + 1)
                break
            }
        }
        return before - count
    }

    /// Removes expired fields one by one, as each removal may move others, then corrects the hint.
    ///
    /// Returns false if the budget ran out.
    private mutating func removeDue(
        inBucket bucket: Int,
        _ now: Int64,
        _ budget: inout Int,
        _ arena: inout Arena,
        _ willRemove: (Entry) -> Void
    ) -> Bool {
        while bucket < table.bucketTotal {
            var due: EntryTable.Location?
            var earliest: Int64?
            table.forEach(inBucket: bucket, arena) { location in
                guard let expiry = location.entry.expiry else { return }
                if expiry <= now { due = location }
                earliest = min(earliest ?? expiry, expiry)
            }
            guard let due else {
                table.correctHint(bucket, to: earliest, arena)
                return true
            }
            guard budget > 0 else { return false }
            budget -= 1
            willRemove(due.entry)
            remove(due, &arena)
        }
        return true
    }

    // MARK: Freeing

    /// Frees up to `budget` entries and one bucket's more; calls `willRemove` with each first.
    ///
    /// Subtracts what it freed from the budget. Returns true once everything is freed. After the
    /// first call nothing else may be called.
    public mutating func destroySome(
        _ budget: inout Int,
        _ arena: inout Arena,
        _ willRemove: (Entry) -> Void
    ) -> Bool {
        while budget > 0, !table.isDestroyed {
            budget -= table.destroyLast(&arena, willRemove)
        }
        return table.isDestroyed
    }

    /// Whether the counts and hints are correct; for tests.
    public func isValid(_ arena: borrowing Arena) -> Bool {
        var (fields, expiring) = (0, 0)
        var isCovered = true
        for bucket in 0..<table.bucketTotal {
            table.forEach(inBucket: bucket, arena) { location in
                fields += 1
                guard let expiry = location.entry.expiry else { return }
                expiring += 1
                let hint = table.hint(UInt32(bucket), arena)
                if expiry < earliest || EntryTable.Tick.containing(expiry) < hint {
                    isCovered = false
                }
            }
        }
        return isCovered && fields == count && expiring == volatileCount
    }
}
