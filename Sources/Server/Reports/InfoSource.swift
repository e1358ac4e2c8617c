internal import Commands
internal import Primitives
internal import System

/// A server as one report sees it.
///
/// What several fields need is found out once, when the first one asks. No worker is stopped, and
/// nobody is waited for but for who holds a partition, a moment.
final class InfoSource {
    let server: Instance
    /// Milliseconds since 1970, and seconds of the monotonic clock.
    let now: Int64
    let nowSeconds: Int64
    private let worker: Worker

    /// A look at `server` by `worker`.
    init(_ server: Instance, on worker: Worker) {
        self.server = server
        self.worker = worker
        now = worker.executor.context.now
        nowSeconds = worker.executor.clock.seconds
    }

    /// What the keyspace holds.
    private(set) lazy var keyspace = server.figures.look(by: worker.executor)

    /// The changes since the start, as Redis counts them.
    var changes: UInt64 {
        server.workers.reduce(0) { $0 &+ $1.executor.context.effects.dirty.value }
    }

    /// What memory is used for.
    private(set) lazy var memory = MemoryUse(self)

    /// What the clients have waiting at most.
    var inputMax: UInt64 { server.workers.reduce(0) { max($0, $1.clientFigures.inputMax.value) } }
    var outputMax: UInt64 { server.workers.reduce(0) { max($0, $1.clientFigures.outputMax.value) } }

    /// The large values that wait to be freed, and those that were freed.
    var lazilyPending: Int { keyspace.remains + server.reaper.pendingCount }
    var lazilyFreed: UInt64 {
        // A look at the keyspace brings in what was freed since the last tick.
        _ = keyspace
        return server.statistics[.lazilyFreed] &+ UInt64(server.reaper.freedCount)
    }

    /// Milliseconds that so many cycles took.
    func milliseconds(_ cycles: UInt64) -> UInt64 {
        UInt64(saturating: Double(cycles) * server.microsecondsPerCycle / 1000)
    }

    private(set) lazy var processTime = ProcessorTime.ownProcess
    private(set) lazy var childrenTime = ProcessorTime.children
    private(set) lazy var mainThreadTime = ProcessorTime.mainThread
}
