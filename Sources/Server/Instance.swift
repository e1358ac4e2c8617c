internal import CSupport
internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import Synchronization
public import System

/// The server: its options, its keyspace, its commands and its workers.
@safe
public final class Instance: @unchecked Sendable {  // because: mutable parts are atomic or guarded
    let registry = Registry(data: CommandFamilies.data, admin: CommandFamilies.admin)
    let keyspace: Keyspace
    /// What workers look at; replaced only while the world is stopped.
    var options: ServingOptions
    var commandLimits = CommandLimits()
    var expiresActively = true
    private(set) var workers: [Worker] = []
    private var listeners: [Int32: Bool] = [:]
    private let stopping = Atomic<Bool>(false)
    private let lastClientID = Atomic<UInt64>(0)
    private let connections = Atomic<Int>(0)
    private let stop = WorldStop()
    let reaper = Reaper()
    private var nextWorker = 0
    /// Forty hexadecimal digits that name this run of the server.
    let runID = Instance.randomID()
    /// Forty hexadecimal digits that name the history of the data.
    let replicationID = Instance.randomID()
    var port: UInt16 = 0
    var configurationFile = ""
    let executable = CommandLine.arguments.first ?? "apus-server"
    let startedAtUnix = Clock.unixMilliseconds() / 1000
    let startedAtNanoseconds = Clock.monotonicNanoseconds()
    private let startedAtCycles = apus_cycles()
    private(set) var peakBytes = 0

    /// When the server started, in seconds of the monotonic clock.
    var startedAtSeconds: Int64 { startedAtNanoseconds / 1_000_000_000 }

    private static func randomID() -> String {
        (0..<40).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
    }

    /// A server that does not listen yet.
    public init(options: ServingOptions) throws(SystemError) {
        self.options = options
        keyspace = Keyspace(databases: options.databases, workers: options.threads)
        for index in 0..<options.threads {
            workers.append(try Worker(index: index, server: self))
        }
    }

    /// The number of workers.
    var workerCount: Int { workers.count }

    /// Whether the workers are to end.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// The connections that are open.
    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Serves until `end` is called: worker 0 on this thread, the others on their own.
    public func run() {
        reaper.start()
        let others = workers.dropFirst().map { worker in Thread { worker.run() } }
        workers[0].run()
        for thread in others { thread.join() }
    }

    /// Lets all workers end, with `reason` in the log.
    func end(because reason: String) {
        stopping.store(true, ordering: .relaxed)
        for worker in workers { worker.wakeUp.signal() }
    }

    // MARK: What INFO asks for; the world is stopped

    /// The bytes of all keys and values.
    var usedDataBytes: Int { sumOverShards { $0.usedBytes } }

    /// The changes since the start.
    var changeCount: UInt64 { UInt64(sumOverShards { Int($0.changeCount) }) }

    private func sumOverShards(_ value: (Shard) -> Int) -> Int {
        var sum = 0
        for partition in 0..<keyspace.partitionCount {
            for database in 0..<keyspace.databaseCount {
                sum += value(keyspace.shard(partition: partition, database: database))
            }
        }
        return sum
    }

    /// Keeps the largest use of memory seen.
    func notePeak(_ bytes: Int) { peakBytes = max(peakBytes, bytes) }

    /// Microseconds a cycle of `apus_cycles` takes, measured since the start.
    var microsecondsPerCycle: Double {
        let cycles = apus_cycles() &- startedAtCycles
        let nanoseconds = Clock.monotonicNanoseconds() - startedAtNanoseconds
        return cycles > 0 ? Double(nanoseconds) / 1000 / Double(cycles) : 0
    }

    // MARK: Connections

    /// Serves connections that arrive at `descriptor`.
    public func serve(listening descriptor: Int32, isUnix: Bool) throws(SystemError) {
        listeners[descriptor] = isUnix
        try workers[0].poll.add(descriptor, .read)
    }

    /// Accepts what waits at a listening socket and hands it to the workers in turn.
    func acceptConnections(_ listening: Int32, _ worker: Worker) {
        guard let isUnix = listeners[listening] else { return }
        for _ in 0..<1000 {
            guard let descriptor = Socket.accept(listening) else { return }
            guard admit(descriptor, isUnix, worker) else { continue }
            let target = workers[nextWorker % workers.count]
            nextWorker += 1
            if target === worker {
                worker.adopt(descriptor, isUnix: isUnix)
            } else {
                target.mailbox.put(.connection(descriptor: descriptor, isUnix: isUnix))
                target.wakeUp.signal()
            }
        }
    }

    private func admit(_ descriptor: Int32, _ isUnix: Bool, _ worker: Worker) -> Bool {
        if connectionCount >= options.clientsMax {
            refuse(descriptor, "-ERR max number of clients reached\r\n", worker)
            return false
        }
        if !isUnix {
            Socket.tune(descriptor, keepAlive: options.keepAliveSeconds)
            if options.isProtected, !Socket.isLocal(descriptor) {
                refuse(descriptor, ProtectedMode.refusal, worker)
                return false
            }
        }
        connections.add(1, ordering: .relaxed)
        worker.statistics.connectionsAccepted &+= 1
        return true
    }

    private func refuse(_ descriptor: Int32, _ text: StaticString, _ worker: Worker) {
        _ = Socket.send(descriptor, Bytes(text))
        Socket.close(descriptor)
        worker.statistics.connectionsRejected &+= 1
    }

    /// Counts a connection that ended.
    func connectionEnded() { connections.subtract(1, ordering: .relaxed) }

    /// A number that no client had before.
    func nextClientID() -> UInt64 { lastClientID.add(1, ordering: .relaxed).newValue }

    // MARK: Stopping the world

    /// Runs `body` while every other worker stands between two batches. Must not be called while
    /// holding a partition's lock.
    func exclusively<Result>(_ worker: Worker, _ body: () -> Result) -> Result {
        guard workers.count > 1 else { return body() }
        stop.begin(others: workers.count - 1) {
            for other in self.workers where other !== worker { other.wakeUp.signal() }
        }
        defer { stop.end() }
        return body()
    }

    /// Stands still while another worker wants the world stopped.
    func parkIfAsked(_ worker: Worker) { stop.parkIfAsked() }
}
