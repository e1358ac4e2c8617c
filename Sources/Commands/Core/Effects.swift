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

    /// What is recorded; nothing on the plain path.
    ///
    /// Set between commands.
    public private(set) var wants: Wants = []
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

    /// Memory kept from one command to the next.
    private static let keyBytesKept = 64 * 1024
    private static let touchesKept = 1024

    /// Nothing changed so far.
    public init() {}

    /// Records for `wants` from now on; what was recorded before is forgotten.
    public mutating func record(for wants: Wants) {
        removeAll()
        self.wants = wants
    }

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

    /// Forgets what was recorded, as it was handed over.
    mutating func removeAll() {
        records.removeAll()
        touches.removeAll(keepingCapacity: touches.capacity <= Effects.touchesKept)
        keys.removeAll(keep: Effects.keyBytesKept)
        isRewritten = false
        settledDirty = dirty.value
    }
}
