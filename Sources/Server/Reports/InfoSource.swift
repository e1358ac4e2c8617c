internal import Commands
internal import Primitives
internal import System

/// The state of the server for one report.
///
/// What several fields need is computed once, on first use. No worker is stopped, and the only wait
/// is a short one for the lock of each partition.
final class InfoSource {
    let server: Instance
    /// Milliseconds since 1970, and seconds of the monotonic clock.
    let now: Int64
    let nowSeconds: Int64
    /// The sizes of all keys, if they were counted.
    var keySizes: KeySizes?
    private let worker: Worker

    /// Reads the state of `server` on behalf of `worker`.
    init(_ server: Instance, on worker: Worker) {
        self.server = server
        self.worker = worker
        now = worker.executor.context.now
        nowSeconds = worker.executor.clock.seconds
    }

    /// The contents of the keyspace.
    private(set) lazy var keyspace = server.figures.look(by: worker.executor)

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

    /// Converts cycles to milliseconds.
    func milliseconds(_ cycles: UInt64) -> UInt64 {
        UInt64(saturating: Double(cycles) * server.microsecondsPerCycle / 1000)
    }

    private(set) lazy var processTime = ProcessorTime.ownProcess
    private(set) lazy var childrenTime = ProcessorTime.children
    private(set) lazy var mainThreadTime = ProcessorTime.mainThread
}
