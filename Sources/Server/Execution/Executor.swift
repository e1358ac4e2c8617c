internal import CSupport
internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Synchronization
internal import System
internal import Wire

/// Runs commands on one worker's thread: the single path from a request's words to its reply.
///
/// ```text
/// look up ─▶ admit ─▶ plan the locks ─▶ perform under them ─▶ measure
///              │ one test of one mask; the rare cases are behind it
/// ```
/// `run` takes a request through all of it. `perform` is its inner half, for callers with their own
/// words: it may be called while another command runs, and takes only locks that are not held.
final class Executor {
    /// Lives as long as the process.
    unowned let server: Instance
    let workerIndex: Int
    let registry: Registry
    var context: CommandContext
    /// Updated here and read by any thread, like `context.statistics`.
    let statistics: WorkerStatistics
    var clock = WorkerClock()
    /// The durations from which commands are recorded.
    var noted: NotedDurations
    var keptReplies = KeptReplies()
    /// The row of the running command, for crash reports.
    let running = RunningRow()
    /// The current reasons why some rows may not run.
    private(set) var alerts: Concerns = []
    private let bulletin: Bulletin
    /// The bulletin as last read.
    private var bulletinWord: UInt64 = 0
    /// Keys that were touched and for which requests wait.
    let readyKeys: ReadyKeys
    /// A request that has started to wait for a value, until its client takes it.
    var newWaiter: Waiter?
    /// The words of the request being served.
    var servingWords = ArgumentVector()
    /// How much may be added to the data before memory use is checked again, while `maxmemory` is
    /// set.
    var credit = 0
    /// The credit last granted, which other workers count as used.
    let granted = Counter()
    /// Where the next eviction continues.
    var evictionRound: EvictionRound
    /// The work that the running request must resume, until it has done so.
    var resumedWork: WorkID?
    /// The parts of a snapshot that are prepared for changes by the running command.
    var passing: [SnapshotPart] = []
    /// Whether the running command has replied by pushes, which are never dropped.
    var repliedByPush = false
    /// The words of the running request of a transaction.
    var queuedWords = ArgumentVector(capacity: 16)
    /// The scripts compiled by this worker, and the running one.
    let scripts = WorkerScripts()
    /// The end of the replies in the buffer that a silent client gets nevertheless: those of its
    /// transaction from before it turned replies off.
    var settledReplies = 0
    /// Whether a request may wait for contended partitions without blocking its worker.
    var mayWaitForPartitions: Bool {
        // A request that waits for a slow script can be told that it is busy only if the worker
        // goes on.
        tries < Executor.triesMax || server.slowScripts.load(ordering: .relaxed) > 0
    }
    /// How often the running request has been set aside.
    var tries = 0
    /// Whether the running request has been set aside so often that others must not overtake it.
    var hasWaitedLong: Bool { tries >= Executor.triesMany }

    /// The number of retries after which a request blocks its worker while it waits for partitions.
    ///
    /// This guarantees that it runs even if they are hardly ever free.
    private static let triesMax = 1000
    /// The number of retries from which a request counts as having waited long.
    private static let triesMany = 16

    init(server: Instance, workerIndex: Int) {
        self.server = server
        self.workerIndex = workerIndex
        let keyspace = server.keyspace
        evictionRound = EvictionRound(
            from: keyspace.partitionCount * workerIndex / server.options.threads
        )
        registry = server.registry
        context = CommandContext(
            keyspace: server.keyspace,
            seed: UInt64.random(in: 1...UInt64.max)
        )
        bulletin = server.bulletin
        readyKeys = ReadyKeys(server.waiters, server.keyspace)
        context.limits = server.options.commandLimits
        let microseconds = UInt64(Clock.unixMilliseconds()) * 1000
        context.lastVersion =
            microseconds * CommandContext.versionStep + UInt64(workerIndex)
        let settlement = Settlement(server, workerIndex: workerIndex, readyKeys)
        context.effects.consumer = { settlement.take($0) }
        context.whenEvicted = { [unowned server] slot in server.tellWatchers(of: slot) }
        statistics = WorkerStatistics(commandCount: registry.table.facts.count)
        noted = NotedDurations(server.options)
        statistics.keepDurations(server.options.tracksLatency)
        measure(by: server.options.accessMeasure)
        noteCommands(by: server.options)
    }

    /// The worker on whose thread this executor runs.
    var worker: Worker { server.workers[workerIndex] }

    // MARK: Notices from the server

    /// Applies posted notices; must be called before each batch.
    @inline(__always)
    func readBulletin() {
        let word = bulletin.word
        if _slowPath(word != bulletinWord) { heed(word) }
    }

    @inline(never)
    private func heed(_ word: UInt64) {
        let notice = Bulletin.notice(word)
        bulletinWord = word
        alerts = notice.alerts
        context.removesDue = removesDueAnyway
        context.effects.record(for: notice.wants)
    }

    /// Whether expired keys are removed whatever runs.
    var removesDueAnyway: Bool { alerts.isDisjoint(with: [.pauses, .loading, .importing]) }

    // MARK: Time

    /// Reads the clocks for the next commands.
    func readClocks() {
        let second = clock.seconds
        clock.read()
        if context.replayedAt == nil {
            context.now = clock.now
        } else {
            context.replayedAt = clock.now
        }
        if clock.seconds != second {
            context.accessClock.advance(to: clock.seconds)
            server.keyspace.freshStamp.stamp = context.accessClock.fresh
        }
    }

    /// Changes what is recorded about uses of keys from now on.
    func measure(by measure: AccessClock.Measure) {
        context.accessClock.measure(by: measure)
        server.keyspace.freshStamp.stamp = context.accessClock.fresh
    }

    // MARK: A request

    /// Runs a request of `connection`.
    ///
    /// If it must be run again or resumed later, returns what it waits for.
    @inline(__always)
    func run(_ item: Batch.Item, _ arguments: Arguments, _ connection: Connection) -> Wait? {
        let session = connection.session
        var number = Int(item.row)
        context.firstHash = item.hash
        context.database = session.database
        if _slowPath(number < 0 || registry.row(number).isContainer) {
            guard let child = resolve(number, arguments, connection) else { return nil }
            number = child
        }
        session.lastRow = Int32(truncatingIfNeeded: number)
        running.begin(number)
        let row = registry.row(number)
        guard row.accepts(wordCount: arguments.count) else {
            reject(.wordCount, number, session)
            return nil
        }
        let special = session.traits.rawValue & Session.Traits.special.rawValue
        if _slowPath(row.asks.rawValue & alerts.rawValue | special != 0) {
            return runIfAdmitted(number, arguments, connection)
        }
        return runMeasured(number, arguments, connection, countsUse: false)
    }

    /// Runs an admitted request and measures it; if `countsUse`, also what it adds to the data.
    @inline(__always)
    func runMeasured(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        countsUse: Bool
    ) -> Wait? {
        measure(number, arguments, connection) { () throws(CommandError) -> Outcome in
            try execute(number, arguments, connection, countsUse: countsUse)
        }
    }

    /// Runs a command by calling `execute`, and measures it.
    @inline(__always)
    func measure(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        _ execute: () throws(CommandError) -> Outcome
    ) -> Wait? {
        let cycles: UInt64
        do throws(CommandError) {
            let outcome = try execute()
            if case .waits(let wait) = outcome { return wait }
            cycles = clock.lap()
            statistics.count(number, cycles: cycles)
        } catch {
            cycles = clock.lap()
            statistics.countFailure(number, cycles: cycles)
            noteBinaryRequest(arguments)
            replyError(error, number)
        }
        statistics.add(.commandsRun)
        connection.session.commandCount &+= 1
        if _slowPath(clock.isStale) { noteTime(number, arguments, connection, cycles: cycles) }
        return nil
    }

    /// Locks the partitions of a request's keys and runs it.
    @inline(__always)
    private func execute(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        countsUse: Bool
    ) throws(CommandError) -> Outcome {
        let row = registry.row(number)
        guard row.hasOneKey, case .data(let handler) = row.runner else {
            return try executePlanned(number, arguments, connection)
        }
        let keyspace = context.keyspace
        let partition = keyspace.partition(context.firstHash)
        if _slowPath(!keyspace.tryLock(partition)), !waitToLock(PartitionSet(partition: partition))
        {
            return .waits(.partitions)
        }
        defer {
            if countsUse { countUse(partition) }
            keyspace.unlock(partition)
        }
        if _slowPath(keyspace.isMarked(partition)) {
            return try performMarked(number, arguments, PartitionSet(partition: partition))
        }
        defer { settle(number, arguments) }
        try handler(arguments, &context)
        return .done
    }

    /// Hands over what the last command changed, if anything was recorded.
    @inline(__always)
    func settle(_ number: Int, _ arguments: Arguments) {
        guard _slowPath(context.effects.wants.rawValue != 0) else { return }
        context.settle(registry.table.facts[number].propagation, arguments)
    }
}
