internal import Commands
internal import Primitives
internal import Wire

/// The caller of commands, whether its words come from a connection or from within the server.
///
/// Sending and receiving bytes is up to the connection. A session without one cannot hang up, and
/// its replies stay where they were written.
final class Session {
    /// Properties and settings of a session.
    struct Traits: OptionSet {
        let rawValue: UInt32
        /// Has yet to authenticate.
        static let unauthenticated = Traits(rawValue: 1 << 0)
        /// Gets no replies (CLIENT REPLY OFF).
        static let repliesOff = Traits(rawValue: 1 << 1)
        /// Gets no reply to the running command.
        static let skipsReply = Traits(rawValue: 1 << 2)
        /// Gets no reply to its next command (CLIENT REPLY SKIP).
        static let skipsNextReply = Traits(rawValue: 1 << 3)
        /// Is subscribed to something.
        static let subscribed = Traits(rawValue: 1 << 12)
        /// Caches keys and is notified when they change (CLIENT TRACKING).
        static let tracking = Traits(rawValue: 1 << 13)
        /// CLIENT CACHING was called for the next command.
        static let caching = Traits(rawValue: 1 << 14)
        /// Receives every command (MONITOR).
        static let monitor = Traits(rawValue: 1 << 15)
        /// Its user is restricted.
        static let restricted = Traits(rawValue: 1 << 4)
        /// Has authenticated.
        static let authenticated = Traits(rawValue: 1 << 5)
        /// Supports redirections (CLIENT CAPA).
        static let takesRedirects = Traits(rawValue: 1 << 6)
        /// Queues its requests (MULTI).
        static let queues = Traits(rawValue: 1 << 10)
        /// Leaves no trace in the access times of keys (CLIENT NO-TOUCH).
        static let noTouch = Traits(rawValue: 1 << 8)
        /// Imports data: in import mode, keys do not expire for it (CLIENT IMPORT-SOURCE).
        static let importSource = Traits(rawValue: 1 << 11)
        /// Is never evicted (CLIENT NO-EVICT).
        static let noEvict = Traits(rawValue: 1 << 9)

        /// Traits that require a check before a request runs.
        static let special: Traits = [
            .unauthenticated, .repliesOff, .skipsReply, .skipsNextReply, .restricted, .queues,
            .subscribed, .tracking, .monitor,
        ]
        /// Traits of sessions that are notified of what others do.
        static let notified: Traits = [.subscribed, .tracking, .monitor]
        static let silent: Traits = [.repliesOff, .skipsReply]
    }

    /// Information that few clients provide.
    struct Details {
        var name: [UInt8] = []
        var libraryName: [UInt8] = []
        var libraryVersion: [UInt8] = []
    }

    let id: UInt64
    var traits: Traits = []
    /// The user; nil for the server itself, which may do everything.
    private(set) var user: User?
    /// Whether it has to authenticate even if the default user needs no password.
    var mustAuthenticate = false
    /// The protocol of its replies.
    var dialect = ReplyDialect.resp2
    /// Whether it speaks RESP3.
    var isRESP3: Bool {
        get { dialect == .resp3 }
        set { dialect = newValue ? .resp3 : .resp2 }
    }
    /// The selected database.
    var database = 0
    /// The row of the last command, or -1.
    var lastRow: Int32 = -1
    var commandCount: UInt64 = 0
    var details: Details?
    /// Its subscriptions, if any.
    var subscriptions: Subscriptions?
    /// How it is notified of changes to keys that it caches, if it is.
    var tracker: Tracker?
    /// What it has queued since MULTI; present exactly while it `.queues`.
    private(set) var transaction: Transaction?
    /// The keys that it watches, if any.
    private(set) var watches: WatchList?
    /// What its request waits for, if it is WAITAOF.
    var awaited: AppendOnlyCommands.Awaited?
    /// The fields that it has named for HIMPORT SET.
    var fieldSets: FieldSets {
        get { keptFieldSets?.sets ?? FieldSets() }
        set {
            if let keptFieldSets {
                keptFieldSets.sets = newValue
            } else if newValue.byteCount > 0 {
                keptFieldSets = KeptFieldSets(newValue)
            }
        }
    }
    private var keptFieldSets: KeptFieldSets?

    /// Field sets apart from the session, which would otherwise be larger for every client.
    private final class KeptFieldSets {
        var sets: FieldSets
        init(_ sets: FieldSets) { self.sets = sets }
    }

    init(id: UInt64) { self.id = id }

    /// Whether its replies are dropped.
    var isSilent: Bool { !traits.isDisjoint(with: .silent) }

    /// Records that a command is about to run, whose reply may be the one to skip.
    func beginCommand() {
        guard traits.contains(.skipsNextReply) else { return }
        traits.remove(.skipsNextReply)
        traits.insert(.skipsReply)
    }

    /// Records that a command has run.
    func endCommand() { traits.remove(.skipsReply) }

    /// Resets the session to its initial state, except for what its library said about itself.
    ///
    /// `user` is its user until it authenticates.
    func reset(to user: User) {
        endTransaction()
        awaited = nil
        traits = []
        become(user, isAuthenticated: user.isOpen)
        isRESP3 = false
        database = 0
        details?.name = []
        fieldSets = FieldSets()
    }

    // MARK: The user

    /// Sets the user, with or without authentication.
    func become(_ user: User, isAuthenticated: Bool) {
        self.user = user
        traits.subtract([.restricted, .authenticated, .unauthenticated])
        if !user.isUnrestricted { traits.insert(.restricted) }
        if isAuthenticated {
            traits.insert(.authenticated)
        } else if !user.isOpen || mustAuthenticate {
            traits.insert(.unauthenticated)
        }
    }

    // MARK: Transactions

    /// Starts queueing its requests.
    func beginTransaction() {
        transaction = Transaction()
        traits.insert(.queues)
    }

    /// Discards its queued requests and watched keys.
    func endTransaction() {
        transaction = nil
        traits.remove(.queues)
        watches = nil
    }

    /// Its list of watched keys, for adding to it.
    func beginWatching(_ tables: WatchTables) -> WatchList {
        let list = watches ?? WatchList(tables)
        watches = list
        return list
    }

    /// Unwatches all keys.
    func unwatch() { watches = nil }

    /// The bytes used by its transaction and watched keys.
    var transactionBytes: Int { (transaction?.byteCount ?? 0) + (watches?.byteCount ?? 0) }

    // MARK: Client information

    /// Whether a name contains neither spaces nor special characters.
    static func isPlain(_ name: Bytes) -> Bool {
        (0..<name.count).allSatisfy { name[$0] > UInt8(ascii: " ") && name[$0] < 0x7F }
    }

    /// Changes the information that the client provided.
    func tell(_ change: (inout Details) -> Void) {
        var told = details ?? Details()
        change(&told)
        details = told
    }
}
