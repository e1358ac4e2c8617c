internal import CSupport
internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// One thread: its epoll set, its connections, its buffers, its counters and its clock.
///
/// ```text
/// wait ─▶ receive from up to 32 ready sockets, parse, look up, prefetch buckets ─┐
///   ▲                                                                             ▼
///   └── tick: expire, free, time out ◀── send, one per socket ◀── run in order ◀─ prefetch entries
/// ```
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
    let poll: EventPoll
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
    /// The work that the request which runs goes on with, or 0.
    var resumedWork: UInt64 = 0
    /// Seconds of the monotonic clock, as of the last wait.
    private(set) var nowSeconds: Int64 = 0
    let receiveMemory: Cell
    var usedSlots = 0
    private var cyclesBefore: UInt64 = 0
    /// When what is periodic is due, in milliseconds since 1970.
    var nextTick: Int64 = 0
    var nextExpiry: Int64 = 0
    /// Whether a round left keys to expire or blocks to free to the next one.
    var hasBacklog = false
    var isFreeing = false

    init(index: Int, server: Instance) throws(SystemError) {
        self.index = index
        self.server = server
        registry = server.registry
        poll = try EventPoll()
        wakeUp = try WakeUp()
        try poll.add(wakeUp.descriptor, .read)
        context = CommandContext(
            keyspace: server.keyspace, seed: UInt64.random(in: 1...UInt64.max))
        context.limits = server.options.commandLimits
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
        while !server.isStopping {
            let timeout = hasBacklog || postponed.isBusy
                ? 0 : Int32(clamping: max(0, nextWake() - Clock.unixMilliseconds()))
            let ready = poll.wait(timeout)
            readClocks()
            for index in 0..<ready { serve(poll.event(index)) }
            runBatch(parsing: nil)
            finishRound()
            if _slowPath(postponed.isBusy) { servePostponed() }
            if context.now >= nextTick || context.now >= nextExpiry || hasBacklog { tick() }
            server.parkIfAsked(self)
        }
        server.leave(self)
    }

    private func nextWake() -> Int64 { min(nextTick, nextExpiry) }

    func readClocks() {
        context.now = Clock.unixMilliseconds()
        nowSeconds = Clock.monotonicNanoseconds() / 1_000_000_000
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

    private func serve(_ event: (descriptor: Int32, ready: EventPoll.Interest)) {
        let descriptor = Int(event.descriptor)
        if descriptor < clients.count, let client = clients[descriptor] {
            if event.ready.contains(.write) { sendMore(client) }
            guard !event.ready.isDisjoint(with: [.read, .hangUp]) else { return }
            if _fastPath(!client.state.contains(.postponed)) {
                receive(client)
            } else if event.ready.contains(.hangUp) {
                close(client)
            }
        } else if event.descriptor == wakeUp.descriptor {
            wakeUp.clear()
            readMail()
        } else {
            server.acceptConnections(event.descriptor, self)
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
