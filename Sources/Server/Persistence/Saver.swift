internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// Saves the keys to a file: at once, in the background, and at save points.
final class Saver: Sendable {
    /// The state, as shown by INFO.
    struct Facts {
        /// Seconds since 1970.
        var lastSavedAt: Int64
        var lastSucceeded = true
        /// The duration of the last background save; -1 if there was none.
        var lastSeconds: Int64 = -1
        var saveCount = 0
        /// The number of changes contained in the last file.
        var savedChanges: UInt64 = 0
        /// When the last background save ended, in seconds of the monotonic clock.
        fileprivate var lastTriedAt: Int64 = 0
        /// The number of keys in the file that was loaded at the start.
        var loadedKeys = 0
        var expiredKeys = 0
    }

    /// The current activity.
    private struct State {
        var facts: Facts
        var running: Snapshot?
        /// Whether that is the base of the append-only file.
        var isBase = false
        /// Whether a background save should start as soon as possible.
        var isScheduled = false
    }

    /// How soon a failed background save is retried.
    private static let retrySeconds: Int64 = 5

    /// How long saving pauses after each key.
    let delay = SaveDelay()
    /// Whether checksums are compared when files are loaded.
    let checksSums = Atomic<Bool>(true)
    private let state: Locked<State>
    private let walks = Atomic<Bool>(false)

    init(startedAt: Int64) { state = Locked(State(facts: Facts(lastSavedAt: startedAt))) }

    /// Whether workers have partitions to walk.
    @inline(__always)
    var isWalking: Bool { walks.load(ordering: .relaxed) }

    /// The snapshot in progress.
    var running: Snapshot? { state.withLock { $0.running } }

    /// The background save in progress.
    var saving: Snapshot? { state.withLock { $0.isBase ? nil : $0.running } }

    /// The current state.
    var facts: Facts { state.withLock { $0.facts } }

    /// Whether a background save should start as soon as possible.
    var isScheduled: Bool { state.withLock { $0.isScheduled } }

    /// Records what was loaded at the start.
    func noteLoaded(keys: Int, expired: Int) {
        state.withLock {
            $0.facts.loadedKeys = keys
            $0.facts.expiredKeys = expired
        }
    }

    /// Records that the changes so far, which made what was loaded, need not be saved.
    func noteUnchanged(_ changes: UInt64) { state.withLock { $0.facts.savedChanges = changes } }

    // MARK: In the background

    /// Has a background save start as soon as nothing is in its way.
    func schedule() { state.withLock { $0.isScheduled = true } }

    /// Starts a background save, or schedules it if a value is being changed in slices.
    ///
    /// The world must be stopped, and no save be in progress.
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
            server.postDiskTrouble()
        }
        state.withLock { state in
            state.running = snapshot
            state.isScheduled = false
        }
        walks.store(true, ordering: .relaxed)
        server.log(.notice, "Background saving started by pid \(OwnProcess.number)")
        for other in server.workers { other.mailbox.wake() }
    }

    /// Starts a snapshot that becomes the base of the append-only file, at `path`.
    ///
    /// The world must be stopped, no snapshot be in progress and no value be changed in slices.
    /// `ended` is called on any thread.
    func beginBase(
        _ server: Instance,
        path: String,
        ended: @escaping @Sendable (SnapshotOutput.Result) -> Void
    ) {
        let snapshot = Snapshot(
            server.keyspace,
            server.baseSettings(path: path),
            startedAt: Clock.monotonicSeconds(),
            changes: server.changes
        ) { [unowned server] _, result in
            server.saver.baseEnded()
            ended(result)
        }
        state.withLock { state in
            state.running = snapshot
            state.isBase = true
        }
        walks.store(true, ordering: .relaxed)
        for other in server.workers { other.mailbox.wake() }
    }

    private func baseEnded() {
        state.withLock { state in
            state.running = nil
            state.isBase = false
        }
        walks.store(false, ordering: .relaxed)
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
        case .written:
            log(.notice, "DB saved on disk")
            log(.notice, "Background saving terminated with success")
        case .failed(let error): log(.warning, "Background saving error: \(error.text)")
        case .cancelled: log(.warning, "Background saving cancelled")
        }
    }

    /// Cancels the background save in progress or scheduled; false if there is none.
    ///
    /// Also cancels a snapshot for the append-only file unless `keepsBase`.
    func cancel(keepsBase: Bool = false) -> Bool {
        let (running, wasScheduled) = state.withLock { state in
            defer { state.isScheduled = false }
            return (keepsBase && state.isBase ? nil : state.running, state.isScheduled)
        }
        running?.output.cancel()
        return running != nil || wasScheduled
    }

    // MARK: At once

    /// Writes all keys.
    ///
    /// The world must be stopped.
    func save(_ server: Instance) throws(SystemError) {
        do throws(SystemError) {
            try SnapshotFile.write(server.keyspace, server.snapshotSettings)
        } catch {
            server.log(.warning, "Error saving the keys to disk: \(error.text)")
            throw error
        }
        server.log(.notice, "DB saved on disk")
        let changes = server.changes
        state.withLock { state in
            state.facts.lastSavedAt = Clock.unixMilliseconds() / 1000
            state.facts.lastSucceeded = true
            state.facts.savedChanges = changes
            state.facts.saveCount += 1
        }
        server.postDiskTrouble()
    }

    // MARK: By save points

    /// Starts a background save if one is scheduled or a save point is reached.
    ///
    /// Called by worker 0 periodically.
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
            form: .values(compresses: options.compressesSnapshots),
            checks: options.checksSnapshots,
            libraries: functions.libraries.map { $0.code },
            indexes: indexDefinitions,
            delay: saver.delay
        )
    }

    /// Has all workers refuse writes while the last background save failed, if so configured.
    func postDiskTrouble() {
        bulletin.post(by: .disk) {
            let refuses =
                options.stopsWritesIfNotSaved && !options.savePoints.isEmpty
                && !saver.facts.lastSucceeded
            return Bulletin.Notice(alerts: refuses ? .disk : [])
        }
    }

    /// As above, for the base of the append-only file, by `aof-use-rdb-preamble`.
    func baseSettings(path: String) -> SnapshotFile.Settings {
        SnapshotFile.Settings(
            path: path,
            form: options.appendOnlySettings.startsWithSnapshot
                ? .values(compresses: options.compressesSnapshots) : .requests,
            checks: options.checksSnapshots,
            isBase: true,
            notesTime: options.appendOnlySettings.notesTime,
            libraries: functions.libraries.map { $0.code },
            indexes: indexDefinitions,
            delay: saver.delay
        )
    }

    /// The number of changes since the start, counted as in Redis.
    var changes: UInt64 {
        workers.reduce(0) { $0 &+ $1.executor.context.effects.dirty.value }
    }

    /// Creates a loader with the server's current settings.
    var snapshotLoader: SnapshotLoader {
        SnapshotLoader(
            keyspace: keyspace,
            limits: options.commandLimits,
            clock: workers[0].executor.context.accessClock,
            now: Clock.unixMilliseconds(),
            addLibrary: { self.workers[0].executor.addSavedLibrary($0) },
            checksSums: saver.checksSums.load(ordering: .relaxed),
            log: log
        )
    }

    /// Shuts the server down, after saving the keys if `saves` is true.
    ///
    /// If it is nil, saves them if there are save points. If saving fails, the server keeps
    /// running.
    func shutDown(on worker: Worker, saves: Bool?, reason: String) throws(SystemError) {
        log(.warning, reason)
        _ = saver.cancel()
        // What is not loaded completely must not replace what is.
        if !loading.isOn, saves ?? !options.savePoints.isEmpty {
            log(.notice, "Saving the final RDB snapshot before exiting.")
            try exclusively(worker) { () throws(SystemError) in try saver.save(self) }
        }
        end(because: nil)
    }
}

extension Worker {
    /// Shuts the server down on a signal, after saving the keys if there are save points, unless
    /// `flags`, those of SHUTDOWN, say otherwise.
    ///
    /// If saving fails, the server keeps running, except with `force`.
    func shutDown(_ flags: [String] = []) {
        guard !server.isStopping else { return }
        let reason = "User requested shutdown..."
        let saves = flags.contains("save") ? true : flags.contains("nosave") ? false : nil
        do throws(SystemError) {
            try server.shutDown(on: self, saves: saves, reason: reason)
        } catch {
            guard !flags.contains("force") else { return server.end(because: nil) }
            server.log(.warning, "Error trying to save the DB, can't exit.")
        }
    }
}
