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

    /// `port`; 0 if it does not listen on TCP.
    public let port: Int
    /// The port of TLS, the certificate and the rules.
    let secure: SecureOptions
    /// `bind`; a leading hyphen marks an address that may be unavailable.
    public let addresses: [String]
    /// `tcp-backlog`.
    public let backlog: Int
    /// `memcached-port`; 0 if clients of memcached's protocols find no port.
    public let memcachedPort: Int
    /// `memcached-bind`, as `bind`.
    public let memcachedAddresses: [String]
    /// `memcached-unixsocket`; empty for none.
    public let memcachedSocketPath: String
    /// `memcached-unixsocketperm`; 0 for the default of the umask.
    public let memcachedSocketPermissions: Int
    /// `memcached-item-size-max`.
    public let itemBytesMax: Int
    /// `memcached-shutdown-command`.
    public let allowsMemcachedShutdown: Bool
    /// `memcached-flush-command`.
    public let allowsMemcachedFlush: Bool
    /// `unixsocket`; empty if it does not listen on one.
    public let unixSocketPath: String
    /// `unixsocketgroup`; empty for the process's own.
    public let unixSocketGroup: String
    /// `unixsocketperm`; 0 for the default of the umask.
    public let unixSocketPermissions: Int

    // Clients.

    /// `tcp-keepalive`; 0 if disabled.
    public let keepAliveSeconds: Int
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
    /// `tracking-table-max-keys`; 0: no bound.
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
    /// `maxmemory`; 0: no bound.
    public let memoryBytesMax: UInt64
    /// `maxmemory-clients`, in bytes even where it is a share of `maxmemory`; 0: no bound.
    public let clientBytesMax: Int
    /// `maxmemory-policy`.
    public let evictionPolicy: EvictionPolicy
    /// What is noted of keys' uses: `maxmemory-policy`, `lfu-log-factor`, `lfu-decay-time`.
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
    /// The most entries of each kind that are kept, by the kinds' numbers.
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
    /// `save`.
    public let savePoints: [SavePoint]

    /// `appendonly`.
    public let appendsChanges: Bool
    /// `appenddirname` and `appendfilename`.
    let appendOnlyPlace: AppendOnly.Place
    /// `appendfsync`, `no-appendfsync-on-rewrite` and `aof-timestamp-enabled`.
    let appendOnlySettings: AppendOnly.Settings
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
        let read = Reader(configuration: configuration)
        port = read.integer("port")
        secure = SecureOptions(configuration)
        addresses = read.words("bind")
        memcachedPort = read.integer("memcached-port")
        memcachedAddresses = read.words("memcached-bind")
        memcachedSocketPath = read.text("memcached-unixsocket")
        memcachedSocketPermissions = read.integer("memcached-unixsocketperm")
        itemBytesMax = read.size("memcached-item-size-max")
        allowsMemcachedShutdown = read.flag("memcached-shutdown-command")
        allowsMemcachedFlush = read.flag("memcached-flush-command")
        backlog = read.integer("tcp-backlog")
        unixSocketPath = read.text("unixsocket")
        unixSocketGroup = read.text("unixsocketgroup")
        unixSocketPermissions = read.integer("unixsocketperm")
        keepAliveSeconds = read.integer("tcp-keepalive")
        timeoutSeconds = read.integer("timeout")
        clientsMax = read.integer("maxclients")
        isProtectedMode = read.flag("protected-mode")
        password = configuration.value("requirepass").bytes
        accessFilePath = read.text("aclfile")
        accessLogMax = read.integer("acllog-max-len")
        allowsAllChannels = read.text("acl-pubsub-default") == "allchannels"
        bulkLengthMax = read.size("proto-max-bulk-len")
        queryBufferBytesMax = read.size("client-query-buffer-limit")
        outputBufferLimits = read.bufferLimits()
        notifications = NotificationChoice(letters: read.text("notify-keyspace-events")) ?? .none
        trackedKeysMax = read.integer("tracking-table-max-keys")
        usesRings = read.text("event-loop") != "epoll"
        threads = read.integer("threads")
        databases = read.integer("databases")
        ticksPerSecond = read.integer("hz")
        memoryBytesMax = read.bytes("maxmemory")
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
        savePoints = read.savePoints()
        appendsChanges = read.flag("appendonly")
        appendOnlyPlace = AppendOnly.Place(
            folder: read.text("appenddirname"),
            prefix: read.text("appendfilename")
        )
        appendOnlySettings = read.appendOnlySettings()
        rewritePercentage = read.integer("auto-aof-rewrite-percentage")
        rewriteBytesMin = read.size("auto-aof-rewrite-min-size")
        loadsTruncated = read.flag("aof-load-truncated")
        brokenTailBytesMax = read.size("aof-load-corrupt-tail-max-size")
        isDaemon = read.flag("daemonize")
        processFilePath = read.text("pidfile")
        logPath = read.text("logfile")
        logLevel = read.text("loglevel")
        logsCrashes = read.flag("crash-log-enabled")
        supervisor = read.text("supervised")
        alwaysShowsLogo = read.flag("always-show-logo")
        setsProcessTitle = read.flag("set-proc-title")
        processTitleTemplate = read.text("proc-title-template")
    }
}

extension Options {
    /// The most entries of a kind that are kept.
    func commandLogMax(_ kind: CommandLog.Kind) -> Int { commandLogMax[kind.rawValue] }

    /// The limits that commands use.
    var commandLimits: CommandLimits {
        var limits = CommandLimits()
        limits.stringBytesMax = bulkLengthMax
        limits.itemBytesMax = itemBytesMax
        limits.encoding = encodingLimits
        return limits
    }
}

extension EncodingLimits {
    fileprivate init(_ read: Reader) {
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

/// Reads typed values; asking for the wrong type is a programming error in `Options`.
private struct Reader {
    let configuration: Configuration

    func flag(_ name: String) -> Bool { configuration.value(name) == .flag(true) }

    func text(_ name: String) -> String { configuration.value(name).text }

    func integer(_ name: String) -> Int {
        switch configuration.value(name) {
        case .integer(let number), .octal(let number): return Int(number)
        default: preconditionFailure("the directive is a number")
        }
    }

    func bytes(_ name: String) -> UInt64 {
        guard case .memory(let byteCount) = configuration.value(name) else {
            preconditionFailure("the directive is a size")
        }
        return byteCount
    }

    func accessMeasure() -> AccessClock.Measure {
        guard text("maxmemory-policy").hasSuffix("lfu") else { return .time }
        return .count(factor: integer("lfu-log-factor"), decayMinutes: integer("lfu-decay-time"))
    }

    /// The least that all clients together may take, so that one can always connect and mend it.
    private static let clientBytesMin = 128 << 10

    func clientBytesMax(of memoryBytesMax: UInt64) -> Int {
        let bytes: Int
        switch configuration.value("maxmemory-clients") {
        case .memory(let byteCount): bytes = Int(clamping: byteCount)
        case .percent(let share):
            let product = memoryBytesMax.multipliedFullWidth(by: UInt64(share))
            bytes = Int(
                clamping: UInt64(100).dividingFullWidth((product.high % 100, product.low)).quotient
            )
        default: preconditionFailure("the directive is a size or a share")
        }
        return bytes > 0 ? max(bytes, Reader.clientBytesMin) : 0
    }

    func evictionPolicy() -> EvictionPolicy {
        let name = text("maxmemory-policy")
        let order: EvictionPolicy.Order? =
            switch name.split(separator: "-").last {
            case "lru", "lfu": .use
            case "lrm": .write
            case "ttl": .expiry
            case "random": .random
            default: nil
            }
        return order.map { EvictionPolicy($0, isVolatile: name.hasPrefix("volatile")) } ?? .none
    }

    func size(_ name: String) -> Int { Int(clamping: bytes(name)) }

    func words(_ name: String) -> [String] {
        guard case .words(let words) = configuration.value(name) else {
            preconditionFailure("the directive is a list of words")
        }
        return words.map { String(decoding: $0, as: UTF8.self) }.filter { !$0.isEmpty }
    }

    func appendOnlySettings() -> AppendOnly.Settings {
        let policy: AppendOnly.Policy =
            switch text("appendfsync") {
            case "always": .always
            case "no": .never
            default: .everySecond
            }
        return AppendOnly.Settings(
            policy: policy,
            sparesDiskWhileRewriting: flag("no-appendfsync-on-rewrite"),
            notesTime: flag("aof-timestamp-enabled")
        )
    }

    func savePoints() -> [SavePoint] {
        guard case .savePoints(let points) = configuration.value("save") else {
            preconditionFailure("the directive is a list of save points")
        }
        return points
    }

    func permission(_ name: String) -> Options.Permission {
        Options.Permission(rawValue: text(name)) ?? .nobody
    }

    func percentiles() -> [Double] {
        guard
            case .percentiles(let shares) = configuration.value(
                "latency-tracking-info-percentiles"
            )
        else { preconditionFailure("the directive is a list of shares") }
        return shares
    }

    func bufferLimits() -> ClientBufferLimits {
        guard case .bufferLimits(let limits) = configuration.value("client-output-buffer-limit")
        else { preconditionFailure("the directive is a set of limits") }
        return limits
    }
}
