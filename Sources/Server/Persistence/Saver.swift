internal import Commands
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// Saving the keys to a file: at once, in the background, and by `save` points.
final class Saver: Sendable {
    /// What is told of it.
    struct Facts {
        /// Seconds since 1970.
        var lastSavedAt: Int64
        var lastSucceeded = true
        /// How long the last background save took; -1 where there was none.
        var lastSeconds: Int64 = -1
        var saveCount = 0
        /// The changes that the last file contains.
        var savedChanges: UInt64 = 0
        /// When the last background save ended, in seconds of the monotonic clock.
        fileprivate var lastTriedAt: Int64 = 0
        /// The keys that were found in the file at the start.
        var loadedKeys = 0
        var expiredKeys = 0
    }

    /// What is going on.
    private struct State {
        var facts: Facts
        var running: Snapshot?
        /// One is to begin as soon as nothing stands in its way.
        var isScheduled = false
    }

    /// How soon another background save is tried after one that failed.
    private static let retrySeconds: Int64 = 5

    private let state: Locked<State>
    private let walks = Atomic<Bool>(false)

    init(startedAt: Int64) { state = Locked(State(facts: Facts(lastSavedAt: startedAt))) }

    /// Whether workers have partitions to walk.
    @inline(__always)
    var isWalking: Bool { walks.load(ordering: .relaxed) }

    /// The snapshot in the making.
    var running: Snapshot? { state.withLock { $0.running } }

    /// What is told of it now.
    var facts: Facts { state.withLock { $0.facts } }

    /// Whether one is to begin as soon as possible.
    var isScheduled: Bool { state.withLock { $0.isScheduled } }

    /// Notes what was loaded at the start.
    func noteLoaded(keys: Int, expired: Int) {
        state.withLock {
            $0.facts.loadedKeys = keys
            $0.facts.expiredKeys = expired
        }
    }

    // MARK: In the background

    /// Begins a background save, or schedules it where a value is being changed in slices.
    ///
    /// The world is stopped, and none is running.
    func begin(_ server: Instance, on worker: Worker) {
        guard !server.keyspace.hasInPlaceWork else {
            return state.withLock { $0.isScheduled = true }
        }
        let snapshot = Snapshot(
            server.keyspace,
            server.snapshotSettings,
            startedAt: Clock.monotonicSeconds(),
            changes: server.changes
        ) { [unowned server] snapshot, result in
            server.saver.ended(snapshot, result, server.log)
        }
        state.withLock { state in
            state.running = snapshot
            state.isScheduled = false
        }
        walks.store(true, ordering: .relaxed)
        server.log(.notice, "Background saving started")
        for other in server.workers { other.mailbox.wake() }
    }

    private func ended(_ snapshot: Snapshot, _ result: SnapshotOutput.Result, _ log: Log) {
        let now = Clock.monotonicSeconds()
        state.withLock { state in
            state.running = nil
            state.facts.lastTriedAt = now
            switch result {
            case .written:
                state.facts.lastSeconds = now - snapshot.startedAt
                state.facts.lastSucceeded = true
                state.facts.lastSavedAt = Clock.unixMilliseconds() / 1000
                state.facts.savedChanges = snapshot.changes
                state.facts.saveCount += 1
            case .failed:
                state.facts.lastSeconds = now - snapshot.startedAt
                state.facts.lastSucceeded = false
            case .cancelled: break
            }
        }
        walks.store(false, ordering: .relaxed)
        switch result {
        case .written: log(.notice, "Background saving terminated with success")
        case .failed(let error): log(.warning, "Background saving error: \(error.text)")
        case .cancelled: log(.warning, "Background saving cancelled")
        }
    }

    /// Cancels the background save that runs or is scheduled; false where there is none.
    func cancel() -> Bool {
        let (running, wasScheduled) = state.withLock { state in
            defer { state.isScheduled = false }
            return (state.running, state.isScheduled)
        }
        running?.output.cancel()
        return running != nil || wasScheduled
    }

    // MARK: At once

    /// Writes all keys.
    ///
    /// The world is stopped.
    func save(_ server: Instance) throws(SystemError) {
        let begin = Clock.monotonicNanoseconds()
        do throws(SystemError) {
            try SnapshotFile.write(server.keyspace, server.snapshotSettings)
        } catch {
            server.log(.warning, "Error saving the keys to disk: \(error.text)")
            throw error
        }
        let seconds = Double(Clock.monotonicNanoseconds() - begin) / 1e9
        server.log(.notice, "DB saved on disk: \(hundredths(seconds)) seconds")
        let changes = server.changes
        state.withLock { state in
            state.facts.lastSavedAt = Clock.unixMilliseconds() / 1000
            state.facts.lastSucceeded = true
            state.facts.savedChanges = changes
            state.facts.saveCount += 1
        }
    }

    // MARK: By save points

    /// Begins a background save where one is scheduled or a save point is reached.
    ///
    /// Worker 0 calls it from time to time.
    func tick(_ server: Instance, on worker: Worker) {
        let (facts, isIdle, isScheduled) = state.withLock {
            ($0.facts, $0.running == nil, $0.isScheduled)
        }
        guard isIdle else { return }
        guard !isScheduled else { return server.exclusively(worker) { begin(server, on: worker) } }
        let points = server.options.savePoints
        guard !points.isEmpty else { return }
        let changes = server.changes &- facts.savedChanges
        let elapsed = Clock.unixMilliseconds() / 1000 - facts.lastSavedAt
        let point = points.first { changes >= UInt64($0.changes) && elapsed > Int64($0.seconds) }
        guard let point else { return }
        let now = Clock.monotonicSeconds()
        guard facts.lastSucceeded || now - facts.lastTriedAt > Saver.retrySeconds else { return }
        server.log(
            .notice,
            "\(point.changes) changes in \(point.seconds) seconds. Saving..."
        )
        server.exclusively(worker) { begin(server, on: worker) }
    }
}

extension Instance {
    /// Where and how keys are saved.
    var snapshotSettings: SnapshotFile.Settings {
        SnapshotFile.Settings(
            path: options.snapshotPath,
            compresses: options.compressesSnapshots,
            checks: options.checksSnapshots
        )
    }

    /// The changes since the start, as Redis counts them.
    var changes: UInt64 {
        workers.reduce(0) { $0 &+ $1.executor.context.effects.dirty.value }
    }

    /// Reads keys from a file as the server is set now.
    var snapshotLoader: SnapshotLoader {
        SnapshotLoader(
            keyspace: keyspace,
            limits: options.commandLimits,
            clock: workers[0].executor.context.accessClock,
            now: Clock.unixMilliseconds()
        )
    }

    /// Saves the keys if `saves` is true, or nil with save points set, and lets the server end.
    ///
    /// If saving fails, the server goes on.
    func shutDown(on worker: Worker, saves: Bool?, reason: String) throws(SystemError) {
        _ = saver.cancel()
        if saves ?? !options.savePoints.isEmpty {
            log(.notice, "Saving the final RDB snapshot before exiting.")
            try exclusively(worker) { () throws(SystemError) in try saver.save(self) }
        }
        end(because: reason)
    }
}

extension Worker {
    /// Has the server end as a signal wants it: with the keys saved where there are save points.
    ///
    /// Where saving fails the server goes on.
    func shutDown() {
        guard !server.isStopping else { return }
        do throws(SystemError) {
            try server.shutDown(on: self, saves: nil, reason: "User requested shutdown...")
        } catch {
            server.log(.warning, "Error trying to save the DB, can't exit.")
        }
    }
}
