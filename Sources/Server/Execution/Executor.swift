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
    /// It lives as long as the process.
    unowned let server: Instance
    private let workerIndex: Int
    let registry: Registry
    var context: CommandContext
    /// Counted here and read by any thread, as `context.statistics` is.
    let statistics: WorkerStatistics
    var clock = WorkerClock()
    /// The durations from which commands are recorded.
    var noted: NotedDurations
    var keptReplies = KeptReplies()
    /// The row of the running command, for crash reports.
    let running = RunningRow()
    /// What keeps some rows from running at the moment.
    private(set) var alerts: Concerns = []
    private let bulletin: Bulletin
    /// The word of it that was read last.
    private var bulletinWord: UInt64 = 0
    /// The keys that were touched and for which requests wait.
    let readyKeys: ReadyKeys
    /// The request that has begun to wait for a value, until its client takes it.
    var newWaiter: Waiter?
    /// The words of a request that is being served.
    var servingWords = ArgumentVector()
    /// What may be added to the data before all that is in use is looked at again, where it is
    /// bounded; and what others count as used for that.
    var credit = 0
    let granted = Counter()
    /// Where keys are removed next when memory runs out.
    var evictionRound: EvictionRound
    /// The work that the request which runs is to go on with, until it has taken it up.
    var resumedWork: WorkID?
    /// Whether the command that runs has answered by pushes, which no client does without.
    var repliedByPush = false
    /// The words of a transaction's request that runs.
    var queuedWords = ArgumentVector(capacity: 16)
    /// The scripts that this worker has compiled, and the one that runs.
    let scripts = WorkerScripts()
    /// Where in the reply buffer that ends which a silent client gets nevertheless: what its
    /// transaction replied before it turned its replies off.
    var settledReplies = 0
    /// Whether a request waits without its worker where partitions are taken for long.
    var mayWaitForPartitions: Bool {
        // Who waits for a slow script can be told that it is busy only if its worker goes on.
        tries < Executor.triesMax || server.slowScripts.load(ordering: .relaxed) > 0
    }
    /// How often the request that runs was set aside before.
    var tries = 0
    /// Whether the request that runs was set aside so often that others must not pass it.
    var hasWaitedLong: Bool { tries >= Executor.triesMany }

    /// The number of retries after which a request waits for partitions with its worker.
    ///
    /// This guarantees that it runs even if they are hardly ever free.
    private static let triesMax = 1000
    /// The number of retries from which a request has waited long.
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
        statistics = WorkerStatistics(commandCount: registry.table.facts.count)
        noted = NotedDurations(server.options)
        statistics.keepDurations(server.options.tracksLatency)
        measure(by: server.options.accessMeasure)
        noteCommands(by: server.options)
    }

    /// The worker on whose thread it runs.
    var worker: Worker { server.workers[workerIndex] }

    // MARK: What the server wants of its workers

    /// Applies what has been posted; must be called before each batch.
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
        context.removesDue = notice.alerts.isDisjoint(with: [.pausedWrites, .paused, .loading])
        context.effects.record(for: notice.wants)
    }

    // MARK: Time

    /// Reads the clocks for the next commands.
    func readClocks() {
        let second = clock.seconds
        clock.read()
        context.now = clock.now
        if clock.seconds != second {
            context.accessClock.advance(to: clock.seconds)
            server.keyspace.freshStamp.stamp = context.accessClock.fresh
        }
    }

    /// Changes what is measured about uses of keys from now on.
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

    /// Runs a request that may run, and counts it; with `countsUse`, what it adds to the data too.
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

    /// Runs a command by `execute`, and counts it.
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

    /// Hands over what the last command changed, if anybody wants to know.
    @inline(__always)
    func settle(_ number: Int, _ arguments: Arguments) {
        guard _slowPath(context.effects.wants.rawValue != 0) else { return }
        context.settle(registry.table.facts[number].propagation, arguments)
    }
}
