public import Primitives
public import Store

/// What commands changed: counted always, recorded where somebody wants to know.
///
/// ```text
/// handler ─▶ changed / notify / log ─▶ dirty, touches, records ─▶ settle ─▶ consumer
/// ```
/// One to a worker, its buffers used again and again. A handler states its changes as they happen;
/// `CommandContext.settle` hands them over while the locks of the command are still held, so that
/// the consumer meets the changes of a key in their order.
///
/// What is recorded depends on who wants to know: the server as a whole of every command
/// (`standing`), and of the command at work those who look at the partitions that it uses
/// (`PartitionMarks`).
///
/// Commands that are to count as one, as those of a transaction, are a group: the keys that each of
/// them touched are handed over at once, as nobody sees them before the locks are given back, but
/// their records only when all have run.
public struct Effects: ~Copyable {
    /// Who wants to know more than a number.
    public struct Wants: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Wraps bits.
        @inlinable
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The log: requests that repeat the changes.
        public static let log = Wants(rawValue: 1 << 0)
        /// WATCH: the keys touched.
        public static let watch = Wants(rawValue: 1 << 1)
        /// Clients that wait for keys.
        public static let waiters = Wants(rawValue: 1 << 2)
        /// Clients that cache keys.
        public static let tracking = Wants(rawValue: 1 << 3)
        /// Keyspace notifications: keys and events.
        public static let notify = Wants(rawValue: 1 << 4)

        /// Those who look at partitions with `marks`.
        init(_ marks: PartitionMarks) {
            // The bits stand in the same order: watched, waited, tracked.
            let audience: PartitionMarks = [.watched, .waited, .tracked]
            rawValue = UInt8(marks.intersection(audience).rawValue >> 27)
        }
    }

    /// A key that was touched, and how.
    public struct Touch: Sendable {
        /// The key's database.
        public let database: Int
        /// What happened.
        public let event: KeyEvent
        /// The key's hash.
        public let hash: KeyHash
        /// Where its bytes stand.
        let key: Range<Int>
        /// Whether all keys of the database were touched, rather than one.
        public let isWholeDatabase: Bool
    }

    /// What is recorded of the command at work; nothing on the plain path.
    public private(set) var wants: Wants = []
    /// What is recorded of every command.
    private var standing: Wants = []
    /// The changes so far, as Redis' `server.dirty` counts them; any thread may read it.
    public let dirty = Counter()
    /// Takes what was recorded; called under the locks of the keys concerned.
    public var consumer: ((borrowing Effects) -> Void)?
    /// Requests that repeat the changes.
    public internal(set) var records = EffectLog()
    /// The keys touched, in order.
    public private(set) var touches: [Touch] = []
    private var keys = ByteBuffer()
    /// Whether the handler logged something in place of the request.
    var isRewritten = false
    /// The changes that were handed over.
    private(set) var settledDirty: UInt64 = 0
    /// How many groups are open, one within the other.
    private var openGroups = 0

    /// Memory kept from one command to the next.
    private static let keyBytesKept = 64 * 1024
    private static let touchesKept = 1024

    /// Nothing changed so far.
    public init() {}

    /// Records every command for `wants` from now on.
    ///
    /// Called between commands, or by one that records nothing itself.
    public mutating func record(for wants: Wants) {
        if openGroups == 0 { removeAll() }
        standing = wants
        self.wants = wants
    }

    /// Records also for those who look at partitions with `marks`, until `wants` is set back to
    /// what this returns.
    public mutating func heed(_ marks: PartitionMarks) -> Wants {
        defer { wants.formUnion(Wants(marks)) }
        return wants
    }

    /// Records for `wants` again, as before `heed`; what is recorded of every command stays.
    public mutating func resume(_ wants: Wants) { self.wants = wants.union(standing) }

    // MARK: Groups

    /// Whether records are kept back until a group is complete.
    public var isGathering: Bool { openGroups > 0 }

    /// Whether the records handed over are those of a group, to be repeated all or none.
    public private(set) var isGroup = false

    /// Begins a group, or one within another, which is no group of its own.
    mutating func beginGroup() { openGroups += 1 }

    /// Ends a group; its records may be handed over unless it stands within another one.
    mutating func endGroup() {
        precondition(openGroups > 0, "a group is open")
        openGroups -= 1
        isGroup = openGroups == 0 && records.count > 1
    }

    // MARK: What was recorded

    /// Whether there is something to hand over.
    var hasNews: Bool { !touches.isEmpty || records.count > 0 && !isGathering }

    /// The bytes of the key of `touch`.
    public func key(_ touch: Touch) -> Bytes { keys.bytes[touch.key] }

    /// Whether the command at work has made changes so far.
    var areDirty: Bool { dirty.value != settledDirty }

    /// Notes that `key` was touched.
    @inline(never)
    @usableFromInline
    mutating func note(_ key: Key, _ event: KeyEvent, in database: Int) {
        let start = keys.count
        keys.append(key.bytes)
        touches.append(
            Touch(
                database: database,
                event: event,
                hash: key.hash,
                key: start..<keys.count,
                isWholeDatabase: false
            )
        )
    }

    /// Notes that all keys of `database` were touched.
    mutating func note(database: Int) {
        touches.append(
            Touch(
                database: database,
                event: .unnamed,
                hash: KeyHash(bits: 0),
                key: 0..<0,
                isWholeDatabase: true
            )
        )
    }

    /// Forgets what was handed over.
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
        isRewritten = false
        settledDirty = dirty.value
    }
}
