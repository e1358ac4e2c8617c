public import Primitives
public import Store

/// What commands changed: always counted, and recorded in detail if needed.
///
/// ```text
/// handler ─▶ changed / notify / log ─▶ dirty, touches, records ─▶ settle ─▶ consumer
/// ```
/// Each worker has one and reuses its buffers. A handler reports changes as they happen;
/// `CommandContext.settle` hands them over while the command's locks are still held, so that the
/// consumer sees the changes of each key in order.
///
/// Two things determine what is recorded: the needs of the server as a whole (`standing`), which
/// apply to every command, and those of the watchers of the partitions that the current command
/// uses (`PartitionMarks`).
///
/// Commands that count as one, such as those of a transaction, form a group. The keys that they
/// touch are handed over immediately, as nobody sees them before the locks are released; the
/// records are handed over only once all commands have run.
public struct Effects: ~Copyable {
    /// What is needed in addition to a count.
    public struct Wants: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Creates a set from its bits.
        @inlinable
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The log, which needs requests that repeat the changes.
        public static let log = Wants(rawValue: 1 << 0)
        /// WATCH, which needs the keys touched.
        public static let watch = Wants(rawValue: 1 << 1)
        /// Clients blocked on keys.
        public static let waiters = Wants(rawValue: 1 << 2)
        /// Clients that cache keys.
        public static let tracking = Wants(rawValue: 1 << 3)
        /// Keyspace notifications, which need keys and events.
        public static let notify = Wants(rawValue: 1 << 4)
        /// Keyspace notifications that name the fields of hashes.
        public static let fields = Wants(rawValue: 1 << 5)
        /// Indexes over hashes, which need the keys that they cover.
        public static let index = Wants(rawValue: 1 << 6)

        /// The needs of the watchers of partitions with `marks`.
        init(_ marks: PartitionMarks) {
            // Both have the bits in the same order: watched, waited, tracked.
            let audience: PartitionMarks = [.watched, .waited, .tracked]
            rawValue = UInt8(marks.intersection(audience).rawValue >> 27)
        }
    }

    /// A key that was touched, and the event.
    public struct Touch: Sendable {
        /// The key's database.
        public let database: Int
        /// The event.
        public let event: KeyEvent
        /// The key's hash.
        public let hash: KeyHash
        /// The range of the key's bytes.
        let key: Range<Int>
        /// The numbers of the fields that the event names, if any were recorded.
        public let fields: Range<Int>
        /// Whether all keys of the database were touched, rather than one.
        public let isWholeDatabase: Bool
    }

    /// What is recorded for the current command; nothing on the fast path.
    public private(set) var wants: Wants = []
    /// What is recorded for every command.
    private var standing: Wants = []
    /// The number of changes so far, as in Redis' `server.dirty`; any thread may read it.
    public let dirty = Counter()
    /// Receives what was recorded; called with the locks for the keys held.
    public var consumer: ((borrowing Effects) -> Void)?
    /// The keys that indexes cover; others are not recorded for `index` alone.
    public var indexed = IndexedPrefixes()
    /// Requests that repeat the changes.
    public internal(set) var records = EffectLog()
    /// The keys touched, in order.
    public private(set) var touches: [Touch] = []
    /// The bytes of keys and fields.
    private var keys = ByteBuffer()
    /// The ranges of the fields named, in `keys`.
    private var fields: [Range<Int>] = []
    /// The number of `fields` that belong to events reported so far.
    private var claimedFields = 0
    /// What the current command's keys held before; recorded only if needed.
    var before: [Before] = []
    /// Whether the handler logged something instead of the request.
    var isRewritten = false
    /// The number of changes handed over so far.
    private(set) var settledDirty: UInt64 = 0
    /// The nesting depth of open groups.
    private var openGroups = 0

    /// How much memory to keep from one command to the next.
    private static let keyBytesKept = 64 * 1024
    private static let touchesKept = 1024

    /// Creates effects without any changes.
    public init() {}

    /// Sets what is recorded for every command from now on.
    ///
    /// Call this between commands, or from one that records nothing itself.
    public mutating func record(for wants: Wants) {
        if openGroups == 0 { removeAll() }
        standing = wants
        self.wants = wants
    }

    /// Also records for the watchers of partitions with `marks`.
    ///
    /// Returns the previous `wants`, to be restored with `resume`.
    public mutating func heed(_ marks: PartitionMarks) -> Wants {
        defer { wants.formUnion(Wants(marks)) }
        return wants
    }

    /// Restores the `wants` from before `heed`, plus what is recorded for every command.
    public mutating func resume(_ wants: Wants) { self.wants = wants.union(standing) }

    /// Records nothing for the log until `resume`, to which the returned `wants` must be passed.
    public mutating func stopLogging() -> Wants {
        defer { wants.remove(.log) }
        return wants
    }

    // MARK: Groups

    /// Whether records are held back until a group is complete.
    public var isGathering: Bool { openGroups > 0 }

    /// Whether the records handed over are those of a group, to be replayed all or none.
    public private(set) var isGroup = false

    /// Begins a group; a nested one becomes part of the outer one.
    mutating func beginGroup() { openGroups += 1 }

    /// Ends a group; its records may be handed over unless it is nested in another one.
    mutating func endGroup() {
        precondition(openGroups > 0, "a group is open")
        openGroups -= 1
        isGroup = openGroups == 0 && records.count > 1
    }

    /// Abandons a group that was cut off: none of it is repeated.
    mutating func dropGroup() {
        endGroup()
        removeAll()
    }

    // MARK: Recorded effects

    /// Whether there is anything to hand over.
    var hasNews: Bool { !touches.isEmpty || records.count > 0 && !isGathering }

    /// The bytes of the key of `touch`.
    public func key(_ touch: Touch) -> Bytes { keys.bytes[touch.key] }

    /// The name of a field; `number` is one of those of a touch.
    public func field(_ number: Int) -> Bytes { keys.bytes[fields[number]] }

    /// Names a field that the next event of a hash is about.
    @inline(never)
    mutating func note(field: Bytes) {
        let start = keys.count
        keys.append(field)
        fields.append(start..<keys.count)
    }

    /// Whether the current command has made changes so far.
    var areDirty: Bool { dirty.value != settledDirty }

    /// Records that `key` was touched.
    @inline(never)
    @usableFromInline
    mutating func note(_ key: Key, _ event: KeyEvent, in database: Int) {
        if wants == .index, !indexed.cover(key.bytes, of: database) { return }
        guard !before.isEmpty else { return append(key, event, in: database) }
        let (first, later) = companions(of: event, key, in: database)
        for event in first { append(key, event, in: database) }
        append(key, event, in: database)
        for event in later { append(key, event, in: database) }
    }

    private mutating func append(_ key: Key, _ event: KeyEvent, in database: Int) {
        let start = keys.count
        keys.append(key.bytes)
        let claimed = event.classes == .hash ? claimedFields..<fields.count : 0..<0
        if !claimed.isEmpty { claimedFields = fields.count }
        touches.append(
            Touch(
                database: database,
                event: event,
                hash: key.hash,
                key: start..<keys.count,
                fields: claimed,
                isWholeDatabase: false
            )
        )
    }

    /// Records that all keys of `database` were touched.
    mutating func note(database: Int) {
        touches.append(
            Touch(
                database: database,
                event: .unnamed,
                hash: KeyHash(bits: 0),
                key: 0..<0,
                fields: 0..<0,
                isWholeDatabase: true
            )
        )
    }

    /// Removes what was handed over.
    mutating func removeHandedOver() {
        if isGathering { removeTouches() } else { removeAll() }
    }

    private mutating func removeAll() {
        records.removeAll()
        isGroup = false
        removeTouches()
    }

    private mutating func removeTouches() {
        touches.removeAll(keepingCapacity: touches.capacity <= Effects.touchesKept)
        keys.removeAll(keep: Effects.keyBytesKept)
        fields.removeAll(keepingCapacity: fields.capacity <= Effects.touchesKept)
        claimedFields = 0
        isRewritten = false
        settledDirty = dirty.value
    }
}
