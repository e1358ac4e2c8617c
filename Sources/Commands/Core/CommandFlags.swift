/// The properties of a command: those that COMMAND reports, and some for the dispatcher.
public struct CommandFlags: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// Creates flags from their bits.
    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Changes the keyspace.
    public static let write = CommandFlags(rawValue: 1 << 0)
    /// Reads the keyspace and changes nothing.
    public static let readonly = CommandFlags(rawValue: 1 << 1)
    /// May use more memory: rejected when memory is exhausted.
    public static let denyOOM = CommandFlags(rawValue: 1 << 2)
    /// For administrators.
    public static let admin = CommandFlags(rawValue: 1 << 3)
    /// Publishes or subscribes.
    public static let pubsub = CommandFlags(rawValue: 1 << 4)
    /// Not allowed in scripts.
    public static let noScript = CommandFlags(rawValue: 1 << 5)
    /// May block.
    public static let blocking = CommandFlags(rawValue: 1 << 6)
    /// Allowed while the dataset is loading.
    public static let loading = CommandFlags(rawValue: 1 << 7)
    /// Allowed on a replica that lost its primary.
    public static let stale = CommandFlags(rawValue: 1 << 8)
    /// May be called without any key.
    public static let noMandatoryKeys = CommandFlags(rawValue: 1 << 9)
    /// Not shown to clients that monitor.
    public static let skipMonitor = CommandFlags(rawValue: 1 << 10)
    /// Never recorded by the slow log and its siblings.
    public static let skipSlowLog = CommandFlags(rawValue: 1 << 11)
    /// Constant or logarithmic time.
    public static let fast = CommandFlags(rawValue: 1 << 12)
    /// Allowed before AUTH.
    public static let noAuth = CommandFlags(rawValue: 1 << 13)
    /// Replicated although it is not a write command: paused together with writes.
    public static let mayReplicate = CommandFlags(rawValue: 1 << 16)
    /// Not allowed within MULTI.
    public static let noMulti = CommandFlags(rawValue: 1 << 14)
    /// Its keys cannot all be found by position alone.
    public static let movableKeys = CommandFlags(rawValue: 1 << 15)
    /// Allowed while a script runs for too long.
    public static let allowBusy = CommandFlags(rawValue: 1 << 17)
    /// Locks every partition: FLUSHALL, SWAPDB, KEYS and the like.
    ///
    /// Not reported to clients.
    public static let allPartitions = CommandFlags(rawValue: 1 << 24)
    /// Accesses the keyspace without keys, and takes the locks that it needs itself.
    ///
    /// Not reported to clients.
    public static let locksItself = CommandFlags(rawValue: 1 << 25)

    /// May stop the world: a caller that holds locks must stop the world before taking them.
    ///
    /// Not reported to clients.
    public static let stopsWorld = CommandFlags(rawValue: 1 << 26)
    /// Runs at once within MULTI instead of being queued.
    ///
    /// Not reported to clients.
    public static let neverQueued = CommandFlags(rawValue: 1 << 27)
    /// Uses the server, and has the partitions of its keys locked like a data command.
    ///
    /// Not reported to clients.
    public static let locksKeys = CommandFlags(rawValue: 1 << 28)

    /// Runs a script, and takes the locks that the script needs.
    ///
    /// Not reported to clients.
    public static let runsScript = CommandFlags(rawValue: 1 << 21)
    /// Calls a function of a library.
    ///
    /// Not reported to clients.
    public static let callsFunction = CommandFlags(rawValue: 1 << 22)
    /// Names its script by a digest.
    ///
    /// Not reported to clients.
    public static let namesScript = CommandFlags(rawValue: 1 << 23)
    /// Allowed while a RESP2 client has subscriptions.
    ///
    /// Not reported to clients.
    public static let whileSubscribed = CommandFlags(rawValue: 1 << 30)

    /// Exists only in memcached's protocols: RESP has no such command.
    ///
    /// Not reported to clients.
    public static let memcached = CommandFlags(rawValue: 1 << 29)

    /// Uses what the client's session has prepared (`CommandContext.fieldSets`).
    ///
    /// Not reported to clients.
    public static let usesSession = CommandFlags(rawValue: 1 << 20)

    /// The names of the flags in COMMAND, in its order.
    static let names: [(CommandFlags, StaticString)] = [
        (.write, "write"), (.readonly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"),
        (.pubsub, "pubsub"), (.noScript, "noscript"), (.blocking, "blocking"),
        (.loading, "loading"), (.stale, "stale"), (.skipMonitor, "skip_monitor"),
        (.skipSlowLog, "skip_slowlog"), (.fast, "fast"), (.noAuth, "no_auth"),
        (.mayReplicate, "may_replicate"), (.noMulti, "no_multi"), (.movableKeys, "movablekeys"),
        (.allowBusy, "allow_busy"), (.noMandatoryKeys, "no_mandatory_keys"),
    ]

    /// The names of the flags that are set, as reported to clients.
    public var names: [StaticString] {
        CommandFlags.names.compactMap { contains($0.0) ? $0.1 : nil }
    }
}
