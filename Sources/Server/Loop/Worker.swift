internal import CSupport
internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// One thread: its descriptors, its connections, its buffers, its counters and its clock.
///
/// ```text
/// wait ─▶ receive from up to 32 ready sockets, parse, look up, prefetch buckets ─┐
///   ▲                                                                             ▼
///   └── send, one per socket ◀── tick: expire, free, time out ◀── run in order ◀─ prefetch entries
/// ```
/// Connections are served by one of two drivers: epoll and a call for every transfer
/// (`Worker+Readiness`), or an io_uring, one call a round (`Worker+Completions`).
/// docs/decisions/0008-event-loop-drivers.md says why there are two.
///
/// Everything here is touched by its own thread alone, but for the mailbox, and but for other
/// workers' looks while the world is stopped (`Instance.exclusively`).
final class Worker: @unchecked Sendable {  // because: one thread owns it, see above
    /// Sockets received from before their requests must have run.
    static let receiveSlots = 32
    /// What is received at once from one socket.
    static let receiveBytes = 64 * 1024
    /// Replies that are sent before their client's batch is through.
    static let replyBytesHeld = 256 * 1024
    /// Keys expired, and blocks freed, at once: well under a millisecond's work.
    static let expiredAtOnce = 256
    static let freedAtOnce = 2048
    /// Runs of 64 buckets whose stamps are looked at in one tick.
    static let stampRunsAtOnce = 32

    let index: Int
    /// Both live as long as the process.
    let server: Instance
    let registry: Registry
    /// Watches listening sockets and the wake-up, and the connections where there is no ring.
    let poll: EventPoll
    /// Serves the connections, where there is one.
    let ring: CompletionRing?
    let wakeUp: WakeUp
    let mailbox = Mailbox()
    var context: CommandContext
    var statistics: WorkerStatistics
    var rates = WorkerRates()
    var words = ArgumentVector()
    var batch = Batch()
    var keptReplies = KeptReplies()
    /// Clients by descriptor.
    var clients: [Client?] = []
    var clientCount = 0
    /// Clients that ended while requests of theirs stand in the batch.
    var ended: [Client] = []
    /// The client whose replies are being gathered.
    var replying: Client?
    /// Clients whose requests wait.
    var postponed = PostponedClients()
    /// The work that the request which runs is to go on with; 0 once it has taken it up.
    var resumedWork: UInt64 = 0
    /// Seconds of the monotonic clock, as of the last wait.
    private(set) var nowSeconds: Int64 = 0
    /// Where the replies of `replying` begin in the reply buffer.
    var repliesFrom = 0
    /// Replies that are whole and wait for the end of the round.
    var finished: [FinishedReply] = []
    /// How many requests arrive, where the ring waits for several.
    var arrivals = Arrivals()
    let receiveMemory: Cell
    var usedSlots = 0
    var cyclesBefore: UInt64 = 0
    /// When what is periodic is due, in milliseconds since 1970.
    var nextTick: Int64 = 0
    var nextExpiry: Int64 = 0
    /// Whether a round left keys to expire or blocks to free to the next one.
    var hasBacklog = false
    var isFreeing = false

    init(index: Int, server: Instance, ring: CompletionRing?) throws(SystemError) {
        self.index = index
        self.server = server
        registry = server.registry
        self.ring = ring
        poll = try EventPoll()
        wakeUp = try WakeUp()
        try poll.add(wakeUp.descriptor, .read)
        context = CommandContext(
            keyspace: server.keyspace,
            seed: UInt64.random(in: 1...UInt64.max)
        )
        context.limits = server.options.commandLimits
        context.effects.consumer = { [journal = server.effectJournal] in journal.append($0) }
        statistics = WorkerStatistics(commandCount: registry.table.facts.count)
        statistics.keepDurations(server.options.tracksLatency)
        let bytes = Worker.receiveSlots * Worker.receiveBytes
        // SAFETY: lives as long as the worker, which lives as long as the process.
        receiveMemory = unsafe Cell(.allocate(byteCount: bytes, alignment: 4096))
        measure(by: server.options.accessMeasure)
    }

    // MARK: The loop

    /// Serves until the server stops.
    func run() {
        if let ring { startServing(ring) }
        while !server.isStopping {
            let timeout = hasBacklog || postponed.isBusy ? 0 : untilNextWake
            if let ring {
                serveCompletions(ring, timeout)
            } else {
                serveReady(timeout)
            }
            runBatch(parsing: nil)
            finishRound()
            if _slowPath(postponed.isBusy) { servePostponed() }
            if context.now >= nextTick || context.now >= nextExpiry || hasBacklog {
                flushReplies()
                tick()
            }
            server.parkIfAsked(self)
        }
        flushReplies()
        server.leave(self)
    }

    /// Milliseconds, as of the last wait.
    private var untilNextWake: Int32 {
        Int32(clamping: max(0, min(nextTick, nextExpiry) - context.now))
    }

    func readClocks() {
        context.now = Clock.unixMilliseconds()
        nowSeconds = Clock.monotonicSeconds()
        if nowSeconds != context.accessClock.second {
            context.accessClock.advance(to: nowSeconds)
            server.keyspace.freshStamp.stamp = context.accessClock.fresh
        }
        cyclesBefore = apus_cycles()
    }

    /// Notes `measure` of keys' uses from now on.
    func measure(by measure: AccessClock.Measure) {
        context.accessClock.measure(by: measure)
        server.keyspace.freshStamp.stamp = context.accessClock.fresh
    }

    /// Cycles since this was asked last, or since the clocks were read.
    @inline(__always)
    func cyclesSinceLast() -> UInt64 {
        let now = apus_cycles()
        defer { cyclesBefore = now }
        return now &- cyclesBefore
    }

    /// Serves a descriptor that is no connection's.
    func serveOther(_ descriptor: Int32) {
        if descriptor == wakeUp.descriptor {
            wakeUp.clear()
            readMail()
        } else {
            server.acceptConnections(descriptor, self)
        }
    }

    private func readMail() {
        for message in mailbox.take() {
            switch message {
            case .connection(let descriptor, let isUnix): adopt(descriptor, isUnix: isUnix)
            case .retry: postponed.retry()
            case .wake: break
            }
        }
    }
}
