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
    /// The configuration; changed only while the world is stopped, like the options below.
    var configuration: Configuration
    /// The part of the configuration that workers use.
    var options: Options
    /// Copies of both, for threads that do not stop with the world.
    let settings: Locked<(configuration: Configuration, options: Options)>
    private(set) var expiresActively = true
    /// Whether periodic tasks are suspended.
    private(set) var pausesPeriodicWork = false
    /// The limit for list nodes set by DEBUG QUICKLIST-PACKED-THRESHOLD.
    private(set) var listNodeBytesMax = Int.max
    private(set) var workers: [Worker] = []
    /// The listening sockets, watched by worker 0.
    var listeners: [Listener] = []
    private let stopping = Atomic<Bool>(false)
    private let lastClientID = Atomic<UInt64>(0)
    private let connections = Atomic<Int>(0)
    private let stop = WorldStop()
    let reaper = Reaper()
    /// Saves the keys to a file.
    let saver = Saver(startedAt: Clock.unixMilliseconds() / 1000)
    /// Connections to servers that keys were moved to.
    let migrationLinks = MigrationLinks()
    /// The progress of loading at startup.
    let loading = Loading()
    /// What all commands change, recorded while it must be repeated elsewhere.
    let changeLog = ChangeLog()
    /// Writes the change log to files.
    let appendOnly: AppendOnly
    /// When memcached's `flush_all` will take effect.
    let memcachedFlush = MemcachedFlush()
    /// What `stats detail` counts.
    let memcachedPrefixes = MemcachedPrefixes()
    /// The number of lines that `watch` has produced.
    let watchLineCount = Atomic<UInt64>(0)
    /// The users from `memcached-auth-file`.
    let memcachedUsers = Locked(MemcachedUsers())
    /// The counters at the last `stats reset`.
    let memcachedMark = Locked<[UInt64]>([])
    /// The scripts that clients may call by their digests.
    let scripts = ScriptTable()
    /// The functions that clients may call by name.
    let functions = FunctionTable()
    /// The number of scripts that have been running for a while.
    let slowScripts = Atomic<Int>(0)
    /// The keys that clients watch.
    let watches: WatchTables
    /// The notices that all workers read before each batch.
    let bulletin = Bulletin()
    let pause = ClientPause()
    /// The subscribers of all channels.
    let channels: ChannelRegistry
    /// The kernel's OOM score adjustment at startup, and whether the server has changed it.
    let killScoreAtStart = Instance.killScore
    var adjustsKillScore = false
    /// Slow and large commands.
    let commandLog = CommandLog()
    let latency = LatencyMonitor()
    let hotKeys = HotKeys()
    /// Which clients cache which keys.
    let tracking: Tracking
    /// The number of clients that monitor.
    let monitorCount = Atomic<Int>(0)
    /// The indexes over hashes.
    let indexes: HashIndexes
    /// The blocked requests.
    let waiters: WaiterTables
    /// What commands changed, while DEBUG EFFECTS records it.
    let effectJournal = EffectJournal()
    /// The worker that gets the next connection; used by worker 0 only.
    var nextWorker = 0
    /// Handles a shortage of descriptors; used by worker 0 only.
    var shortage = DescriptorShortage()
    /// Forty hexadecimal digits that identify this run of the server.
    let runID = Instance.randomID()
    /// Forty hexadecimal digits that identify the history of the data.
    private(set) var replicationID = Instance.randomID()
    /// The supervisor that was notified of the start, as shown by INFO.
    let supervisor: String
    let executable = OwnProcess.executable
    let startedAtNanoseconds = Clock.monotonicNanoseconds()
    private let startedAtCycles = apus_cycles()
    private let peak = Atomic<Int>(0)
    /// The contents of the partitions when they were last examined.
    let figures: KeyspaceFigures
    /// What the workers have counted.
    let statistics: ServerStatistics
    let memoryBound = MemoryBound()
    /// The TLS certificate and settings.
    let secure = Locked(SecureState())
    /// Performs TLS handshakes; nil until TLS is configured.
    ///
    /// Used by worker 0, and at startup.
    var handshaker: Handshaker?
    let handshakes = HandshakeFigures()
    /// Answers Prometheus; nil until `metrics-port` is set.
    ///
    /// Used at the start, and while the world is stopped.
    var metricsDoor: MetricsDoor?

    /// When the server started, in seconds of the monotonic clock.
    var startedAtSeconds: Int64 { startedAtNanoseconds / 1_000_000_000 }

    private static func randomID() -> String {
        (0..<40).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
    }

    /// Creates a server that does not listen yet.
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
        settings = Locked((configuration, options))
        appendOnly = AppendOnly(changeLog, log, bulletin)
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
        tracking = Tracking(partitions: keyspace.partitionCount)
        watches = WatchTables(keyspace)
        indexes = HashIndexes(keyspace, reaper)
        waiters = WaiterTables(keyspace)
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
        appendOnly.adopt(options.appendOnlySettings)
        saver.delay.set(microseconds: options.savePauseMicroseconds)
        observeKeys()
        boundMemory()
    }

    /// A ring per worker if `event-loop` asks for them and the kernel supports them; otherwise nil.
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

    /// The name of the workers' event loop, as shown by INFO.
    var eventLoopName: String { workers[0].driver.name }

    /// The number of workers.
    var workerCount: Int { workers.count }

    /// Whether the workers must exit.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// The number of open connections.
    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Loads the data, then serves until `end` is called; returns false if loading failed.
    ///
    /// Runs worker 0 on this thread, the others on their own. `load` runs on worker 0, which serves
    /// clients whenever it reports progress (`Worker.advanceLoading`); the other workers serve
    /// theirs throughout. If `load` returns false, the server stops.
    func run(loading load: (Worker) -> Bool) -> Bool {
        reaper.start()
        Toucher(keyspace: keyspace).start()
        beginLoading()
        let others = workers.dropFirst().map { worker in
            Thread("worker") {
                worker.begin()
                worker.run()
            }
        }
        workers[0].begin()
        let isLoaded = load(workers[0])
        if isLoaded { endLoading() } else { end(because: nil) }
        workers[0].run()
        for thread in others { thread.join() }
        appendOnly.finish()
        return isLoaded
    }

    /// Makes all workers exit, and logs `reason`, if any.
    func end(because reason: String?) {
        guard !stopping.exchange(true, ordering: .relaxed) else { return }
        if let reason { log(.warning, reason) }
        for worker in workers { worker.mailbox.wake() }
    }

    // MARK: The use of memory

    /// The memory of all clients in bytes, as of the workers' last scans.
    var clientBytes: Int {
        workers.reduce(0) { $0 + Int(clamping: $1.clientFigures.bytes.value) }
    }

    /// The maximum memory in use, among the samples taken.
    var peakBytes: Int { peak.load(ordering: .relaxed) }

    /// Records a sample of the memory in use.
    func notePeak(_ bytes: Int) { peak.max(bytes, ordering: .relaxed) }

    // MARK: Changes for all workers

    /// Renews the access stamps of all keys: a few now, the rest in the following ticks.
    ///
    /// The world must be stopped.
    func renewStamps() {
        let clock = workers[0].executor.context.accessClock
        var budget = 2 * Worker.stampRunsAtOnce
        keyspace.forEachShard { shard, _ in shard.renewStamps(clock, budget: &budget) }
    }

    /// Gives the history of the data a new identifier.
    ///
    /// The world must be stopped.
    func renameHistory() { replicationID = Instance.randomID() }

    /// Switches active expiry on or off.
    ///
    /// The world must be stopped.
    func expireActively(_ isOn: Bool) {
        expiresActively = isOn
        for worker in workers { worker.expireSoon() }
    }

    /// Suspends or resumes periodic tasks.
    ///
    /// The world must be stopped.
    func pausePeriodicWork(_ isPaused: Bool) {
        pausesPeriodicWork = isPaused
        for worker in workers { worker.expireSoon() }
    }

    /// Limits the size of list nodes, in addition to the configured limits.
    ///
    /// The world must be stopped.
    func boundListNodes(_ bytesMax: Int) {
        listNodeBytesMax = bytesMax
        publish()
    }

    /// The microseconds per cycle of `apus_cycles`, measured since the start.
    var microsecondsPerCycle: Double {
        let cycles = apus_cycles() &- startedAtCycles
        let nanoseconds = Clock.monotonicNanoseconds() - startedAtNanoseconds
        return cycles > 0 ? Double(nanoseconds) / 1000 / Double(cycles) : 0
    }

    // MARK: Connections

    /// Counts an accepted connection.
    func connectionBegan() { connections.add(1, ordering: .relaxed) }

    /// Counts a closed connection.
    func connectionEnded() { connections.subtract(1, ordering: .relaxed) }

    /// Returns a new ID for a client.
    func nextClientID() -> UInt64 { lastClientID.add(1, ordering: .relaxed).newValue }

    // MARK: Stopping the world

    /// Runs `body` while all other workers are stopped between two batches; calls may be nested.
    ///
    /// All partitions count as locked meanwhile.
    ///
    /// Precondition: the caller holds no partition's lock, unless it has already stopped the world.
    /// Otherwise a worker waiting for that lock would never stop.
    func exclusively<Result, Failure: Error>(
        _ worker: Worker,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let held = worker.executor.context.held
        guard workers.count > 1, held != keyspace.allPartitions else { return try body() }
        precondition(held.isEmpty, "stop the world before taking locks")
        // Other workers may access this worker's state while it waits.
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

    /// Whether a worker must not go to sleep: the world or the server is about to be stopped.
    var wantsWorkers: Bool { stop.isAsked || isStopping }

    /// Parks the worker while another one has stopped the world.
    @inline(__always)
    func parkIfAsked(_ worker: Worker) {
        guard _slowPath(stop.isAsked) else { return }
        worker.flushReplies()
        stop.park()
    }

    /// Removes a worker that has exited from those that must stop.
    func leave(_ worker: Worker) { stop.leave() }
}
