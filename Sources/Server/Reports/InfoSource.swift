internal import Commands
internal import Primitives
internal import System
internal import TLS

/// The state of the server for one report.
///
/// What several fields need is computed once, on first use. No worker is stopped, and the only wait
/// is a short one for the lock of each partition.
final class InfoSource {
    let server: Instance
    let configuration: Configuration
    let options: Options
    /// Milliseconds since 1970, and seconds of the monotonic clock.
    let now: Int64
    let nowSeconds: Int64
    /// The sizes of all keys, if they were counted.
    var keySizes: KeySizes?
    private let worker: Worker?

    /// Reads the state of `server` on behalf of `worker`.
    init(_ server: Instance, on worker: Worker) {
        self.server = server
        self.worker = worker
        configuration = server.configuration
        options = server.options
        now = worker.executor.context.now
        nowSeconds = worker.executor.clock.seconds
    }

    /// Reads the state of `server` on a thread that is no worker: only what is published.
    init(_ server: Instance) {
        self.server = server
        worker = nil
        (configuration, options) = server.settings.withLock { $0 }
        now = Clock.unixMilliseconds()
        nowSeconds = Clock.monotonicSeconds()
    }

    /// The contents of the keyspace; without a worker, those of the last ticks.
    private(set) lazy var keyspace =
        worker.map { server.figures.look(by: $0.executor) } ?? server.figures.recorded

    /// The number of changes since the start, counted as in Redis.
    var changes: UInt64 { server.changes }

    /// The state of snapshots.
    private(set) lazy var saver = server.saver.facts

    /// The progress of loading; nil unless the server is loading.
    private(set) lazy var loading = server.loading.progress

    /// The state of the append-only file.
    private(set) lazy var appendOnly = server.appendOnly.facts

    /// Memory use.
    private(set) lazy var memory = MemoryUse(self)

    /// The longest input and output of any client.
    var inputMax: UInt64 { server.workers.reduce(0) { max($0, $1.clientFigures.inputMax.value) } }
    var outputMax: UInt64 { server.workers.reduce(0) { max($0, $1.clientFigures.outputMax.value) } }

    /// The number of clients that wait for values, and of those, the number with a timeout.
    var blockedClients: UInt64 {
        server.workers.reduce(0) { $0 &+ $1.clientFigures.blocked.value }
    }
    var clientsBlockedForTime: UInt64 {
        server.workers.reduce(0) { $0 &+ $1.clientFigures.blockedForTime.value }
    }

    /// The number of large values waiting to be freed, and of those freed.
    var lazilyPending: Int { keyspace.remains + server.reaper.pendingCount }
    var lazilyFreed: UInt64 {
        // Reading the keyspace's figures also updates the count of freed values.
        _ = keyspace
        return server.statistics[.lazilyFreed] &+ UInt64(server.reaper.freedCount)
    }

    /// The commands that were called or rejected, by their rows.
    private(set) lazy var usedCommands = server.registry.table.facts.indices.compactMap { row in
        let counts = server.statistics.command(row)
        return counts.calls > 0 || counts.rejections > 0 ? (row: row, counts: counts) : nil
    }

    /// The durations of those that were called, by bucket.
    private(set) lazy var durations = usedCommands.compactMap { row, _ in
        server.statistics.durations(of: row).map { (row: row, counted: $0) }
    }

    /// The name of a command, with `|` before a subcommand's.
    func commandName(_ row: Int) -> String {
        var name = ByteBuffer()
        name.appendLowercase(Bytes(server.registry.table.facts[row].name))
        return name.bytes.string
    }

    /// The certificate and the rules of TLS; nil without it.
    private(set) lazy var secureContext = server.secureContext

    /// Converts cycles to milliseconds.
    func milliseconds(_ cycles: UInt64) -> UInt64 {
        UInt64(saturating: Double(cycles) * server.microsecondsPerCycle / 1000)
    }

    private(set) lazy var processTime = ProcessorTime.ownProcess
    private(set) lazy var childrenTime = ProcessorTime.children
    private(set) lazy var mainThreadTime = ProcessorTime.mainThread
}
