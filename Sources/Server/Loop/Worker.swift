internal import Commands
internal import Glibc
internal import Primitives
internal import Synchronization
internal import System

/// One thread: its connections, their requests, and its share of the upkeep.
///
/// ```text
/// wait ─▶ receive from up to 32 ready sockets, parse, look up, prefetch buckets ─┐
///   ▲                                                                             ▼
///   └── send, one per socket ◀── tick: expire, free, time out ◀── run in order ◀─ prefetch entries
/// ```
/// Only its own thread uses it, except for the mailbox, the counters that reports read, and work
/// that others do while the world is stopped (`Instance.exclusively`).
final class Worker: @unchecked Sendable {  // because: one thread owns it, see above
    /// How often it checks whether the partitions that its clients wait for are free.
    private static let lookAgainMilliseconds: Int64 = 1

    let index: Int
    /// Lives as long as the process.
    unowned let server: Instance
    private let wakeUp: WakeUp
    let mailbox: Mailbox
    /// Transfers the connections' bytes.
    let driver: Driver
    /// Watches the listening sockets and the wake-up.
    let poll: EventPoll
    /// Runs the commands.
    let executor: Executor
    var round = Round()
    /// The connection of which more bytes will be parsed once the batch has run.
    var parsing: Connection?
    var outbox = Outbox()
    var connections = ConnectionTable()
    var waiting = WaitingClients()
    /// The subscribers among its clients, by channel and pattern.
    var audiences = Audiences()
    /// Posts to be delivered next.
    var posts = PostQueue()
    /// Its clients that monitor.
    var monitors: [Connection] = []
    /// The number of monitors, readable by any thread.
    let monitorCount = Atomic<Int>(0)
    /// Clients that watch streams of memcached's.
    var watchers: [(connection: Connection, streams: WatchStreams)] = []
    /// The streams that any of them watches, for any thread.
    let watchedStreams = Atomic<UInt32>(0)
    /// Walks over the items of memcached, by the session that asked for them.
    var itemDumps: [UInt64: ItemDump] = [:]
    /// Changed keys that are broadcast at the end of the batch.
    var broadcast = Broadcast()
    /// When clients stop waiting for values.
    var deadlines = Deadlines()
    /// Requests of its clients that no longer wait for a value, to be finished.
    var unblocked: [Waiter] = []
    /// Closed clients whose subscriptions are being ended.
    var leaving = LeavingClients()
    var upkeep = Upkeep()
    /// The results that clients of this worker wait for from all workers, by session.
    var surveys: [UInt64: ClientSurvey] = [:]
    /// Surveys of key sizes, by the session that asked for them.
    var keySizeSurveys: [UInt64: KeySizeSurvey] = [:]
    /// MIGRATE commands in progress, by session.
    var migrations: [UInt64: Migration] = [:]
    /// Pauses of the event loop, and the CPU time of the thread, readable by any thread.
    let pauses = PauseFigures()
    let clock = ThreadClock()
    /// What the connections use, readable by any thread.
    let clientFigures = ClientFigures()

    init(index: Int, server: Instance, ring: CompletionRing?) throws(SystemError) {
        self.index = index
        self.server = server
        wakeUp = try WakeUp()
        mailbox = Mailbox(wakeUp)
        poll = try EventPoll()
        try poll.add(wakeUp.descriptor, .read)
        if let ring {
            driver = .completions(CompletionDriver(ring, poll))
        } else {
            driver = .readiness(ReadinessDriver(poll))
        }
        executor = Executor(server: server, workerIndex: index)
    }

    // MARK: The loop

    /// Prepares to serve, on the worker's thread.
    func begin() {
        CrashReport.enter("worker", number: index, executor.running)
        clock.begin()
        if case .completions(let driver) = driver { driver.start() }
    }

    /// Serves until the server stops.
    func run() {
        while !server.isStopping { serveRound(sleepMilliseconds) }
        flushReplies()
        server.leave(self)
    }

    /// Serves what arrives within `timeout` milliseconds, and everything else that is due.
    @inline(__always)
    func serveRound(_ timeout: Int32) {
        serve(timeout)
        runBatch(parsing: nil)
        if !round.hangUps.isEmpty { endHungUp() }
        finishRound()
        if _slowPath(!mailbox.isEmpty || !posts.isEmpty) { readMail() }
        if _slowPath(!unblocked.isEmpty) { finishUnblocked() }
        if _slowPath(!leaving.isEmpty) { endSomeSubscriptions() }
        if _slowPath(waiting.isBusy) { serveWaiting() }
        if _slowPath(executor.readyKeys.isBusy) { executor.serveWhatWasPutOff() }
        if _slowPath(deadlines.nearest ?? .max <= executor.context.now) {
            endDueWaits(executor.context.now)
        }
        if upkeep.isDue(executor.context.now) {
            flushReplies()
            tick()
        }
        if _slowPath(server.saver.isWalking) { walkSnapshot() }
        endPauseIfOver()
        waiting.roundEnded(now: executor.context.now)
        server.parkIfAsked(self)
    }

    /// How long the worker may sleep if nothing arrives.
    ///
    /// Anyone who needs the worker sooner wakes it.
    private var sleepMilliseconds: Int32 {
        if upkeep.hasBacklog || upkeep.isWalking || waiting.isBusy || !posts.isEmpty
            || executor.readyKeys.isBusy || !executor.scripts.setAside.isEmpty
            || !unblocked.isEmpty || !round.hangUps.isEmpty || !leaving.isEmpty
        {
            return 0
        }
        let now = executor.context.now
        var moment = min(upkeep.next, waiting.nearestMoment ?? .max, deadlines.nearest ?? .max)
        if waiting.hasPaused { moment = min(moment, server.pause.until) }
        if waiting.mustLookAgain || server.saver.isWalking {
            moment = min(moment, now + Worker.lookAgainMilliseconds)
        }
        guard moment > now, mailbox.prepareToSleep(), !server.wantsWorkers else { return 0 }
        return Int32(clamping: moment - now)
    }

    /// Resumes normal operation after a pause.
    private func endPauseIfOver() {
        let isPaused = waiting.hasPaused || !executor.alerts.isDisjoint(with: .pauses)
        guard _slowPath(isPaused), !server.pause.lasts(executor.context.now) else { return }
        server.endPause(self)
    }

    /// Records that the thread runs again after a wait.
    func wokeUp() {
        mailbox.wokeUp()
        executor.readClocks()
    }

    /// Handles an event of a descriptor other than a connection's.
    func serveOther(_ descriptor: Int32) {
        if descriptor == wakeUp.descriptor {
            wakeUp.clear()
        } else {
            server.acceptConnections(descriptor, self)
        }
    }

    private func readMail() {
        for message in mailbox.take() {
            switch message {
            case .connection(let newcomer): adopt(newcomer)
            case .workEnded: waiting.workEnded()
            case .answer(let session): waiting.answered(session: session)
            case .unblocked(let waiters): unblocked += waiters
            case .task(let body): body(self)
            }
        }
        deliverPosts()
    }
}
