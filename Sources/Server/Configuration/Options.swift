internal import Commands
public import Store
public import Structures

/// The configuration as workers use it: plain values, immutable once published.
public struct Options: Sendable {
    /// Which clients may use a dangerous feature.
    public enum Permission: String, Sendable {
        case nobody = "no"
        case everybody = "yes"
        case localClients = "local"
    }

    // Listening.

    /// `port`; 0 if there is no TCP listener.
    public let port: Int
    /// The TLS port, certificate and settings.
    let secure: SecureOptions
    /// `bind`; a leading hyphen marks an address that may be unavailable.
    public let addresses: [String]
    /// The listener for Prometheus.
    let metrics: MetricsOptions
    /// The listeners for memcached's protocols, and what their clients may do.
    public let memcached: MemcachedOptions
    /// Whether a port is for TLS.
    var usesTLS: Bool { secure.port != 0 || memcached.securePort != 0 }
    /// `protocol-detection`: whether RESP's ports also accept memcached's protocols.
    public let detectsProtocols: Bool
    /// `unixsocket`; empty if there is none.
    public let unixSocketPath: String
    /// `unixsocketgroup`; empty for the group of the process.
    public let unixSocketGroup: String
    /// `unixsocketperm`; 0 for those of the umask.
    public let unixSocketPermissions: Int

    // Scripts.

    /// The time and memory limits of scripts.
    public let scripts: ScriptOptions

    // Clients.

    /// How connections are accepted.
    let acceptance: AcceptanceOptions
    /// `timeout`; 0: never.
    public let timeoutSeconds: Int
    /// `maxclients`.
    public let clientsMax: Int
    /// `protected-mode`, as configured.
    public let isProtectedMode: Bool
    /// `requirepass`; empty if there is none.
    public let password: [UInt8]
    /// `aclfile`; empty if there is none.
    public let accessFilePath: String
    /// `acllog-max-len`.
    public let accessLogMax: Int
    /// `acl-pubsub-default`: whether new users may use all channels.
    public let allowsAllChannels: Bool
    /// `proto-max-bulk-len`.
    public let bulkLengthMax: Int
    /// `client-query-buffer-limit`.
    public let queryBufferBytesMax: Int
    /// `client-output-buffer-limit`.
    public let outputBufferLimits: ClientBufferLimits

    /// `notify-keyspace-events`.
    let notifications: NotificationChoice
    /// `tracking-table-max-keys`; 0: no limit.
    let trackedKeysMax: Int

    // The engine.

    /// Whether `event-loop` selects io_uring.
    public let usesRings: Bool
    /// `threads`.
    public let threads: Int
    /// `databases`.
    public let databases: Int
    /// `hz`.
    public let ticksPerSecond: Int
    /// `maxmemory`; 0: no limit.
    public let memoryBytesMax: UInt64
    /// `maxmemory-clients`, in bytes even if given as a percentage of `maxmemory`; 0: no limit.
    public let clientBytesMax: Int
    /// `maxmemory-policy`.
    public let evictionPolicy: EvictionPolicy
    /// `import-mode`.
    let isImporting: Bool
    /// What access stamps record: `maxmemory-policy`, `lfu-log-factor`, `lfu-decay-time`.
    public let accessMeasure: AccessClock.Measure
    /// The thresholds for the encodings of collections.
    public let encodingLimits: EncodingLimits
    /// `enable-debug-command`.
    public let debugPermission: Permission
    /// `slowlog-log-slower-than`, in microseconds; -1: off.
    public let slowMicrosecondsMin: Int
    /// `latency-monitor-threshold`, in milliseconds; 0: off.
    public let latencyMillisecondsMin: Int
    /// `commandlog-request-larger-than`; -1: off.
    public let requestBytesNoted: Int
    /// `commandlog-reply-larger-than`; -1: off.
    public let replyBytesNoted: Int
    /// The maximum number of entries of each kind in COMMANDLOG, by the kinds' numbers.
    let commandLogMax: [Int]
    /// `latency-tracking`.
    public let tracksLatency: Bool
    /// `latency-tracking-info-percentiles`.
    public let latencyPercentiles: [Double]

    // Files.

    /// `dbfilename`, in the working directory.
    public let snapshotPath: String
    /// `rdbcompression`.
    public let compressesSnapshots: Bool
    /// `rdbchecksum`.
    public let checksSnapshots: Bool
    /// `stop-writes-on-bgsave-error`.
    public let stopsWritesIfNotSaved: Bool
    /// `loading-process-events-interval-bytes`.
    public let loadedBytesAtOnce: Int
    /// `key-load-delay`.
    public let loadPauseMicroseconds: Int
    /// `rdb-key-save-delay`.
    public let savePauseMicroseconds: Int
    /// `save`.
    public let savePoints: [SavePoint]

    /// `appendonly`.
    public let appendsChanges: Bool
    /// `appenddirname` and `appendfilename`.
    let appendOnlyPlace: AppendOnly.Place
    /// `appendfsync`, `no-appendfsync-on-rewrite` and `aof-timestamp-enabled`.
    let appendOnlySettings: AppendOnly.Settings
    /// `backupdirname` and `backup-sealed-ttl`; 0: never.
    let backups: (folder: String, seconds: Int)
    /// `auto-aof-rewrite-percentage`; 0: never.
    public let rewritePercentage: Int
    /// `auto-aof-rewrite-min-size`.
    public let rewriteBytesMin: Int
    /// `aof-load-truncated`.
    public let loadsTruncated: Bool
    /// `aof-load-corrupt-tail-max-size`.
    public let brokenTailBytesMax: Int

    // The process.

    /// `daemonize`.
    public let isDaemon: Bool
    /// `pidfile`; empty for none, or for a daemon's default.
    public let processFilePath: String
    /// `logfile`; empty for standard output.
    public let logPath: String
    /// `loglevel`.
    public let logLevel: String
    /// `crash-log-enabled`.
    public let logsCrashes: Bool
    /// `shutdown-on-sigint` and `shutdown-on-sigterm`.
    let shutdownFlags: (interrupt: [String], terminate: [String])
    /// `supervised`.
    public let supervisor: String
    /// `always-show-logo`.
    public let alwaysShowsLogo: Bool
    /// `set-proc-title`.
    public let setsProcessTitle: Bool
    /// `proc-title-template`.
    public let processTitleTemplate: String

    /// Reads all options from `configuration`.
    public init(_ configuration: Configuration) {
        let read = ConfigurationReader(configuration: configuration)
        port = read.integer("port")
        secure = SecureOptions(read)
        addresses = read.words("bind")
        metrics = MetricsOptions(read)
        memcached = MemcachedOptions(read)
        detectsProtocols = read.flag("protocol-detection")
        unixSocketPath = read.text("unixsocket")
        unixSocketGroup = read.text("unixsocketgroup")
        unixSocketPermissions = read.integer("unixsocketperm")
        acceptance = AcceptanceOptions(read)
        (timeoutSeconds, clientsMax) = (read.integer("timeout"), read.integer("maxclients"))
        isProtectedMode = read.flag("protected-mode")
        password = configuration.value("requirepass").bytes
        accessFilePath = read.text("aclfile")
        accessLogMax = read.integer("acllog-max-len")
        allowsAllChannels = read.text("acl-pubsub-default") == "allchannels"
        bulkLengthMax = read.size("proto-max-bulk-len")
        scripts = ScriptOptions(read)
        queryBufferBytesMax = read.size("client-query-buffer-limit")
        outputBufferLimits = read.bufferLimits()
        notifications = NotificationChoice(letters: read.text("notify-keyspace-events")) ?? .none
        trackedKeysMax = read.integer("tracking-table-max-keys")
        usesRings = read.text("event-loop") != "epoll"
        (threads, databases) = (read.integer("threads"), read.integer("databases"))
        ticksPerSecond = read.integer("hz")
        memoryBytesMax = read.bytes("maxmemory")
        isImporting = read.flag("import-mode")
        clientBytesMax = read.clientBytesMax(of: memoryBytesMax)
        evictionPolicy = read.evictionPolicy()
        accessMeasure = read.accessMeasure()
        encodingLimits = EncodingLimits(read)
        debugPermission = read.permission("enable-debug-command")
        slowMicrosecondsMin = read.integer("slowlog-log-slower-than")
        latencyMillisecondsMin = read.integer("latency-monitor-threshold")
        requestBytesNoted = read.integer("commandlog-request-larger-than")
        replyBytesNoted = read.integer("commandlog-reply-larger-than")
        commandLogMax = [
            read.integer("slowlog-max-len"), read.integer("commandlog-large-request-max-len"),
            read.integer("commandlog-large-reply-max-len"),
        ]
        tracksLatency = read.flag("latency-tracking")
        latencyPercentiles = read.percentiles()
        snapshotPath = read.text("dbfilename")
        compressesSnapshots = read.flag("rdbcompression")
        checksSnapshots = read.flag("rdbchecksum")
        stopsWritesIfNotSaved = read.flag("stop-writes-on-bgsave-error")
        loadedBytesAtOnce = read.integer("loading-process-events-interval-bytes")
        loadPauseMicroseconds = read.integer("key-load-delay")
        savePauseMicroseconds = read.integer("rdb-key-save-delay")
        savePoints = read.savePoints()
        appendsChanges = read.flag("appendonly")
        appendOnlyPlace = read.appendOnlyPlace()
        appendOnlySettings = read.appendOnlySettings()
        backups = (read.text("backupdirname"), read.integer("backup-sealed-ttl"))
        (rewritePercentage, rewriteBytesMin) = read.rewriteBounds()
        loadsTruncated = read.flag("aof-load-truncated")
        brokenTailBytesMax = read.size("aof-load-corrupt-tail-max-size")
        isDaemon = read.flag("daemonize")
        processFilePath = read.text("pidfile")
        logPath = read.text("logfile")
        logLevel = read.text("loglevel")
        logsCrashes = read.flag("crash-log-enabled")
        shutdownFlags = read.shutdownFlags()
        supervisor = read.text("supervised")
        alwaysShowsLogo = read.flag("always-show-logo")
        setsProcessTitle = read.flag("set-proc-title")
        processTitleTemplate = read.text("proc-title-template")
    }
}

extension Options {
    /// The maximum number of entries of a kind in COMMANDLOG.
    func commandLogMax(_ kind: CommandLog.Kind) -> Int { commandLogMax[kind.rawValue] }

    /// The limits that commands use.
    var commandLimits: CommandLimits {
        var limits = CommandLimits()
        limits.stringBytesMax = bulkLengthMax
        limits.itemBytesMax = memcached.itemBytesMax
        limits.encoding = encodingLimits
        return limits
    }
}

extension EncodingLimits {
    fileprivate init(_ read: ConfigurationReader) {
        self.init()
        hashPackEntriesMax = read.integer("hash-max-listpack-entries")
        hashPackValueMax = read.size("hash-max-listpack-value")
        setIntegersMax = read.integer("set-max-intset-entries")
        setPackEntriesMax = read.integer("set-max-listpack-entries")
        setPackValueMax = read.size("set-max-listpack-value")
        sortedSetPackEntriesMax = read.integer("zset-max-listpack-entries")
        sortedSetPackValueMax = read.size("zset-max-listpack-value")
        listPackSize = read.integer("list-max-listpack-size")
        listCompressDepth = read.integer("list-compress-depth")
        streamNodeBytesMax = read.size("stream-node-max-bytes")
        streamNodeEntriesMax = read.integer("stream-node-max-entries")
        hyperLogLogSparseBytesMax = read.size("hll-sparse-max-bytes")
    }
}
