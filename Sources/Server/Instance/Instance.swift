internal import CSupport
internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// The server: its options, its keyspace, its commands and its workers.
@safe
final class Instance: @unchecked Sendable {  // because: mutable parts are atomic or guarded
    let registry: Registry
    let keyspace: Keyspace
    /// The users; changed only while the world is stopped.
    let access: AccessControl
    let log: Log
    /// What the server is set to; changed only while the world is stopped, as all that follows.
    var configuration: Configuration
    /// What workers look at of it.
    var options: Options
    private(set) var expiresActively = true
    /// Whether workers do nothing unasked.
    private(set) var pausesPeriodicWork = false
    /// The bound of list nodes that DEBUG QUICKLIST-PACKED-THRESHOLD set.
    private(set) var listNodeBytesMax = Int.max
    private(set) var workers: [Worker] = []
    /// Where connections arrive; worker 0 accepts them.
    var listeners: [Listener] = []
    private let stopping = Atomic<Bool>(false)
    private let lastClientID = Atomic<UInt64>(0)
    private let connections = Atomic<Int>(0)
    private let stop = WorldStop()
    let reaper = Reaper()
    /// What all workers heed from their next batch on.
    let bulletin = Bulletin()
    /// Who listens to which channels.
    let channels: ChannelRegistry
    /// What commands changed, while DEBUG EFFECTS records it.
    let effectJournal = EffectJournal()
    /// Who gets the next connection; worker 0 alone uses it.
    var nextWorker = 0
    /// What happens where there are no descriptors for connections; worker 0 alone uses it.
    var shortage = DescriptorShortage()
    /// Forty hexadecimal digits that name this run of the server.
    let runID = Instance.randomID()
    /// Forty hexadecimal digits that name the history of the data.
    private(set) var replicationID = Instance.randomID()
    /// Who started the server and waits to hear of it, as INFO says it.
    let supervisor: String
    let executable = OwnProcess.executable
    let startedAtUnix = Clock.unixMilliseconds() / 1000
    let startedAtNanoseconds = Clock.monotonicNanoseconds()
    private let startedAtCycles = apus_cycles()
    private let peak = Atomic<Int>(0)
    /// What the partitions held when they were looked at last.
    let figures: KeyspaceFigures
    /// What the workers counted.
    let statistics: ServerStatistics

    /// When the server started, in seconds of the monotonic clock.
    var startedAtSeconds: Int64 { startedAtNanoseconds / 1_000_000_000 }

    private static func randomID() -> String {
        (0..<40).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
    }

    /// A server that does not listen yet.
    init(
        _ configuration: Configuration,
        log: Log,
        supervisor: String = "no"
    ) throws(SystemError) {
        registry = Registry(
            data: CommandFamilies.data,
            admin: CommandFamilies.admin,
            renames: configuration.renames.names
        )
        access = AccessControl(AccessVocabulary(registry.table))
        self.supervisor = supervisor
        self.configuration = configuration
        self.log = log
        options = Options(configuration)
        ProcessMemory.tuneAllocator()
        keyspace = Keyspace(
            databases: options.databases,
            workers: options.threads,
            plan: KeyspacePlan(
                workers: options.threads,
                machineBytes: ProcessMemory.systemBytes + ProcessMemory.swapBytes,
                addressBytesMax: ProcessMemory.addressBytesMax,
                promisesStrictly: ProcessMemory.promisesStrictly,
                usesSlots: configuration.value("cluster-enabled") == .flag(true)
            )
        )
        figures = KeyspaceFigures(keyspace)
        channels = ChannelRegistry(workers: options.threads)
        statistics = ServerStatistics(commandCount: registry.table.facts.count)
        let rings = Instance.rings(options, log)
        for index in 0..<options.threads {
            workers.append(try Worker(index: index, server: self, ring: rings?[index]))
        }
        statistics.workers = workers
        registerActions()
        if !options.password.isEmpty { access.setPassword(options.password) }
        for user in configuration.users { access.put(user) }
        postNotices()
    }

    /// The rings of the workers, where `event-loop` wants some and the kernel has them.
    private static func rings(_ options: Options, _ log: Log) -> [CompletionRing]? {
        guard options.usesRings else { return nil }
        do throws(SystemError) {
            var rings: [CompletionRing] = []
            for _ in 0..<options.threads { rings.append(try CompletionRing()) }
            return rings
        } catch {
            log(.notice, "Serving with epoll, as io_uring is not available: \(error.text)")
            return nil
        }
    }

    /// What the workers wait with, as INFO names it.
    var eventLoopName: String { workers[0].driver.name }

    /// The number of workers.
    var workerCount: Int { workers.count }

    /// Whether the workers are to end.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// The connections that are open.
    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Serves until `end` is called: worker 0 on this thread, the others on their own.
    func run() {
        reaper.start()
        Toucher(keyspace: keyspace).start()
        let others = workers.dropFirst().map { worker in Thread("worker") { worker.run() } }
        workers[0].run()
        for thread in others { thread.join() }
    }

    /// Lets all workers end, with `reason` in the log.
    func end(because reason: String) {
        guard !stopping.exchange(true, ordering: .relaxed) else { return }
        log(.warning, reason)
        for worker in workers { worker.mailbox.wake() }
    }

    // MARK: The use of memory

    /// The bytes kept for clients, as of the workers' last rounds.
    var clientBytes: Int {
        workers.reduce(0) { $0 + Int(clamping: $1.clientFigures.bytes.value) }
    }

    /// The most bytes that were ever seen in use.
    var peakBytes: Int { peak.load(ordering: .relaxed) }

    /// Keeps the largest use of memory seen.
    func notePeak(_ bytes: Int) { peak.max(bytes, ordering: .relaxed) }

    // MARK: What all workers do

    /// Lets the stamps of all keys be made fresh, those of few at once.
    ///
    /// The world is stopped.
    func renewStamps() {
        let clock = workers[0].executor.context.accessClock
        var budget = 2 * Worker.stampRunsAtOnce
        keyspace.forEachShard { shard, _ in shard.renewStamps(clock, budget: &budget) }
    }

    /// Gives the history of the data a new name.
    ///
    /// The world is stopped.
    func renameHistory() { replicationID = Instance.randomID() }

    /// Switches the expiry of keys that nobody asks for on or off.
    ///
    /// The world is stopped.
    func expireActively(_ isOn: Bool) {
        expiresActively = isOn
        for worker in workers { worker.expireSoon() }
    }

    /// Lets workers do nothing unasked, or again what is theirs.
    ///
    /// The world is stopped.
    func pausePeriodicWork(_ isPaused: Bool) {
        pausesPeriodicWork = isPaused
        for worker in workers { worker.expireSoon() }
    }

    /// Bounds the nodes of lists besides what the configuration says.
    ///
    /// The world is stopped.
    func boundListNodes(_ bytesMax: Int) {
        listNodeBytesMax = bytesMax
        publish()
    }

    /// Microseconds a cycle of `apus_cycles` takes, measured since the start.
    var microsecondsPerCycle: Double {
        let cycles = apus_cycles() &- startedAtCycles
        let nanoseconds = Clock.monotonicNanoseconds() - startedAtNanoseconds
        return cycles > 0 ? Double(nanoseconds) / 1000 / Double(cycles) : 0
    }

    // MARK: Connections

    /// Counts a connection that was let in.
    func connectionBegan() { connections.add(1, ordering: .relaxed) }

    /// Counts a connection that ended.
    func connectionEnded() { connections.subtract(1, ordering: .relaxed) }

    /// A number that no client had before.
    func nextClientID() -> UInt64 { lastClientID.add(1, ordering: .relaxed).newValue }

    // MARK: Stopping the world

    /// Runs `body` while every other worker stands between two batches; it may call this again.
    ///
    /// All partitions count as locked meanwhile.
    ///
    /// Precondition: the caller holds no partition's lock, unless it has stopped the world already:
    /// a worker that waits for that lock would never stand still.
    func exclusively<Result, Failure: Error>(
        _ worker: Worker,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let held = worker.executor.context.held
        guard workers.count > 1, held != keyspace.allPartitions else { return try body() }
        precondition(held.isEmpty, "the world is stopped before locks are taken")
        // The others may look at this worker before its turn comes.
        worker.sendFinished()
        stop.begin(others: workers.count - 1) {
            for other in self.workers where other !== worker { other.mailbox.wake() }
        }
        worker.executor.context.held = keyspace.allPartitions
        defer {
            worker.executor.context.held = []
            stop.end()
        }
        return try body()
    }

    /// Whether a worker that is about to sleep must not: the world is to be stopped, or the server.
    var wantsWorkers: Bool { stop.isAsked || isStopping }

    /// Stands still while another worker wants the world stopped.
    @inline(__always)
    func parkIfAsked(_ worker: Worker) {
        guard _slowPath(stop.isAsked) else { return }
        worker.flushReplies()
        stop.park()
    }

    /// Takes a worker whose loop has ended out of those that must stand still.
    func leave(_ worker: Worker) { stop.leave() }
}
