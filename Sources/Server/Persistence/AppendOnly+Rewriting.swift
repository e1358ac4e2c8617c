internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// Rewriting the append-only file: a snapshot as its new base, and a new file for what follows.
///
/// ```text
/// begin ─▶ prepare the next file (listed, synced) ─▶ cut, with the world stopped:
///            changes continue in that file, the snapshot begins
///               ├─▶ written ─▶ new manifest ─▶ the old files are deleted
///               └─▶ failed  ─▶ all files stay: base, old changes, new changes
/// ```
/// What is listed can be loaded at every moment. If the file is just being turned on, the new file
/// is listed only together with the base: before, it would lack what was not logged.
extension AppendOnly {
    /// The next file for changes.
    struct Prepared {
        let file: AppendFile
        /// Whether it is not listed yet, as there is no base for it.
        let isTemporary: Bool
    }

    /// The files, and the rewrite in progress.
    struct Rewriting {
        var place = Place()
        var manifest = AppendOnlyManifest()
        var isRunning = false
        /// Whether one must begin as soon as possible.
        var isScheduled = false
        /// Whether the file is being turned on, which takes effect with the next rewrite.
        var isTurningOn = false
        /// Whether a thread is preparing the next file.
        var isPreparing = false
        var prepared: Prepared?
        /// Of the rewrite in progress: whether it began a file for changes, whether that is not
        /// listed yet, and its base.
        var hasIncrement = false
        var isTemporary = false
        var baseName = ""
        var startedAt: Int64 = 0
        /// Whether the file was turned off meanwhile, so that its result is not wanted.
        var isDropped = false
        /// When one was last begun, in seconds of the monotonic clock.
        var triedAt: Int64 = 0
        var lastSeconds: Int64 = -1
        var lastSucceeded = true
        var rewrites = 0
        /// The number of failures in a row, and when to try again by itself, in seconds.
        var failures = 0
        var nextTryAt: Int64 = 0
        /// Whether files that are not needed any more are to be deleted as soon as possible.
        var mustClean = false
        /// The size of all files after the last rewrite, and of all but the current one.
        var baseSize = 0
        var earlierBytes = 0

        /// Ends the rewrite in progress, if any, without a new base.
        mutating func giveUp() {
            if isRunning { lastSeconds = Clock.monotonicSeconds() - startedAt }
            isRunning = false
            // Without a base, the changes since are listed nowhere: it begins anew.
            guard isTemporary else { return }
            isTurningOn = true
            isScheduled = true
        }
    }

    /// Where the files are.
    struct Place {
        var folder = "appendonlydir"
        var prefix = "appendonly.aof"

        var manifestPath: String { path(AppendOnlyManifest.name(prefix)) }
        /// Changes that no manifest lists yet.
        var temporaryPath: String { path("temp-\(prefix).incr") }

        func path(_ name: String) -> String { folder + "/" + name }
    }

    /// From how many failures in a row on a rewrite does not begin by itself for some time.
    private static let failuresMax = 3
    private static let pauseSecondsMax: Int64 = 3600
    /// How often a rewrite begins that would let the server write again.
    private static let healSeconds: Int64 = 5

    // MARK: Beginning

    /// What became of a request to rewrite.
    enum Beginning {
        case begun, scheduled, running
    }

    /// Begins a rewrite, or schedules it if that is impossible now.
    func beginRewrite(_ server: Instance, on worker: Worker) -> Beginning {
        let isHeldUp =
            server.saver.running != nil || backup.holdsRewrites
            || worker.executor.context.effects.isGathering
        let beginning = rewriting.withLock { state -> Beginning in
            guard !state.isRunning, !state.isPreparing else { return .running }
            state.isScheduled = true
            guard !isHeldUp else { return .scheduled }
            state.isPreparing = true
            state.triedAt = Clock.monotonicSeconds()
            return .begun
        }
        guard beginning == .begun else { return beginning }
        log(
            .notice,
            "Background append only file rewriting started by pid \(OwnProcess.number)"
        )
        // Syncing the list of files takes time.
        _ = Thread("aof-rewrite") { [self, unowned server] in
            let isPrepared = prepare()
            rewriting.withLock { $0.isPreparing = false }
            guard isPrepared else { return }
            server.workers[0].mailbox.put(.task { $0.server.appendOnly.cut(server, on: $0) })
        }
        return .begun
    }

    /// Creates the next file for changes, and lists it; on failure logs the reason.
    func prepare() -> Bool {
        let (place, old, isTurningOn, isPrepared) = rewriting.withLock {
            ($0.place, $0.manifest, $0.isTurningOn, $0.prepared != nil)
        }
        do throws(SystemError) {
            try Files.makeFolder(place.folder)
            guard !isPrepared, changes.isOn || isTurningOn else { return true }
            var manifest = old
            let path =
                isTurningOn ? place.temporaryPath : place.path(manifest.addIncrement(place.prefix))
            try Files.remove(path)
            let name = path.split(separator: "/").last ?? ""
            log(.notice, "Creating AOF incr file \(name) on background rewrite")
            let file = try AppendFile(path)
            if !isTurningOn { try AppendOnly.write(manifest, at: place) }
            rewriting.withLock { state in
                state.manifest = manifest
                state.prepared = Prepared(file: file, isTemporary: isTurningOn)
            }
            return true
        } catch {
            log(.warning, "Can't prepare the rewriting of the append only file: \(error.text)")
            failed()
            return false
        }
    }

    /// Writes the list of files.
    static func write(_ manifest: AppendOnlyManifest, at place: Place) throws(SystemError) {
        let name = AppendOnlyManifest.name(place.prefix)
        let file = try NewFile(place.manifestPath, temporaryName: "temp-" + name)
        var failure: SystemError?
        Array(manifest.text.utf8).withBytes { bytes in
            do throws(SystemError) { try file.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try file.finish()
    }

    // MARK: The cut

    /// Continues in the prepared file and begins the snapshot, unless something is in the way.
    func cut(_ server: Instance, on worker: Worker) {
        server.exclusively(worker) { cut(server) }
        worker.executor.readBulletin()
    }

    /// As above; the world is stopped.
    func cut(_ server: Instance) {
        let isGathering = server.workers.contains { $0.executor.context.effects.isGathering }
        // A value that is being changed in slices is neither old nor new.
        guard !server.keyspace.hasInPlaceWork, !isGathering, server.saver.running == nil else {
            return
        }
        let (place, prepared, isTurningOn, manifest) = rewriting.withLock {
            ($0.place, $0.prepared, $0.isTurningOn, $0.manifest)
        }
        guard (prepared != nil) == (changes.isOn || isTurningOn) else {
            // Turned off in the meantime.
            if prepared != nil { rewriting.withLock { $0.prepared = nil } }
            return
        }
        let earlier = size
        if let prepared {
            guard change(to: prepared.file, size: 0) else { return failed() }
            if isTurningOn { record(true, server) }
        }
        let baseName = manifest.nextBaseName(
            place.prefix,
            isSnapshot: server.options.appendOnlySettings.startsWithSnapshot
        )
        rewriting.withLock { state in
            state.prepared = nil
            state.isScheduled = false
            state.isTurningOn = false
            state.isRunning = true
            state.isDropped = false
            state.hasIncrement = prepared != nil
            state.isTemporary = prepared?.isTemporary ?? false
            state.baseName = baseName
            state.startedAt = Clock.monotonicSeconds()
            state.earlierBytes = isTurningOn ? 0 : earlier
        }
        isRewriting.store(true, ordering: .relaxed)
        backup.rewriteBegan()
        let path = place.path(baseName)
        server.saver.beginBase(server, path: path) { [self] result in
            if rewriting.withLock({ $0.isDropped }) {
                // Nothing lists it.
                try? Files.remove(path)
                ended(.cancelled)
            } else {
                ended(result)
            }
        }
    }

    /// Starts or stops recording changes; the world is stopped.
    func record(_ isOn: Bool, _ server: Instance) {
        changes.turn(isOn)
        bulletin.post(Bulletin.Notice(wants: isOn ? .log : []), by: .changeLog)
        for worker in server.workers { worker.executor.readBulletin() }
    }

    // MARK: The end

    private func ended(_ result: SnapshotOutput.Result) {
        isRewriting.store(false, ordering: .relaxed)
        var failure: SystemError?
        switch result {
        case .written:
            log(.notice, "Background AOF rewrite terminated with success")
            do throws(SystemError) { try adoptBase() } catch { failure = error }
        case .failed(let error): failure = error
        case .cancelled:
            log(.notice, "Background AOF rewrite cancelled")
            backup.rewriteFailed("the rewrite was cancelled")
            return rewriting.withLock { $0.giveUp() }
        }
        guard let failure else {
            log(.notice, "Background AOF rewrite finished successfully")
            let (manifest, place) = rewriting.withLock { ($0.manifest, $0.place) }
            backup.rewriteEnded(manifest, place)
            return heal()
        }
        log(.warning, "Background AOF rewrite terminated with an error: \(failure.text)")
        backup.rewriteFailed(failure.text)
        failed()
    }

    /// Lists the new base, and deletes what it replaces.
    private func adoptBase() throws(SystemError) {
        let (place, old, name, hasIncrement, isTemporary) = rewriting.withLock {
            ($0.place, $0.manifest, $0.baseName, $0.hasIncrement, $0.isTemporary)
        }
        var manifest = old
        if isTemporary {
            let increment = manifest.addIncrement(place.prefix)
            try Files.rename(place.temporaryPath, to: place.path(increment))
            log(.notice, "Successfully renamed the temporary AOF incr file into \(increment)")
        }
        log(.notice, "Successfully renamed the temporary AOF base file into \(name)")
        manifest.replaceBase(name, keepingIncrements: hasIncrement ? 1 : 0)
        try AppendOnly.write(manifest, at: place)
        rewriting.withLock { $0.manifest = manifest }
        // If this fails, the files are in nobody's way.
        if (try? clean(manifest, place)) == nil {
            log(.warning, "Can't delete the files that the rewrite has replaced")
        }
        let baseBytes = Files.size(place.path(name)) ?? 0
        // Only now may another rewrite begin, which changes the list.
        rewriting.withLock { state in
            state.isRunning = false
            state.isTemporary = false
            state.lastSeconds = Clock.monotonicSeconds() - state.startedAt
            state.lastSucceeded = true
            state.rewrites += 1
            state.failures = 0
            state.nextTryAt = 0
            state.earlierBytes = baseBytes
        }
        let bytes = size
        rewriting.withLock { $0.baseSize = bytes }
    }

    /// Deletes files that are not needed any more, unless `aof-disable-auto-gc` keeps them.
    ///
    /// Returns the list of those that are left.
    @discardableResult
    func clean(
        _ manifest: AppendOnlyManifest,
        _ place: Place
    ) throws(SystemError) -> AppendOnlyManifest {
        guard !manifest.history.isEmpty, !writer.withLock({ $0.settings.keepsReplaced }) else {
            return manifest
        }
        for entry in manifest.history {
            log(.notice, "Removing the history file \(entry.name) in the background")
            try Files.remove(place.path(entry.name))
        }
        var rest = manifest
        rest.history = []
        try AppendOnly.write(rest, at: place)
        rewriting.withLock { $0.manifest.history = [] }
        return rest
    }

    /// Deletes them on a thread, while no rewrite begins.
    private func cleanSoon() {
        rewriting.withLock { state in
            state.mustClean = false
            state.isPreparing = true
        }
        _ = Thread("aof-clean") { [self] in
            let (manifest, place) = rewriting.withLock { ($0.manifest, $0.place) }
            if (try? clean(manifest, place)) == nil {
                log(.warning, "Can't delete the files that rewrites have replaced")
            }
            rewriting.withLock { $0.isPreparing = false }
        }
    }

    /// Notes that a rewrite failed.
    private func failed() {
        rewriting.withLock { state in
            state.giveUp()
            state.lastSucceeded = false
            state.failures += 1
            let excess = state.failures - AppendOnly.failuresMax
            guard excess >= 0 else {
                state.nextTryAt = 0
                return
            }
            let pause = min(60 << Int64(min(excess, 6)), AppendOnly.pauseSecondsMax)
            state.nextTryAt = Clock.monotonicSeconds() + pause
        }
    }

    // MARK: By itself

    /// Begins or continues rewrites that are due; called by worker 0 with every tick.
    func tick(_ server: Instance, on worker: Worker) {
        upkeep()
        upkeepBackup(server, on: worker)
        let (isScheduled, isIdle, isPrepared) = rewriting.withLock {
            ($0.isScheduled, !$0.isRunning && !$0.isPreparing, $0.prepared != nil)
        }
        guard isIdle, server.saver.running == nil, !backup.holdsRewrites else { return }
        guard !rewriting.withLock({ $0.mustClean }) else { return cleanSoon() }
        if isScheduled {
            guard mayBeginByItself else { return }
            // Only the cut may be missing.
            if isPrepared { return cut(server, on: worker) }
            _ = beginRewrite(server, on: worker)
        } else if isDue(server.options) || mustHeal {
            _ = beginRewrite(server, on: worker)
        }
    }

    private var mayBeginByItself: Bool {
        rewriting.withLock { Clock.monotonicSeconds() >= $0.nextTryAt }
    }

    /// Whether a sync has failed: the system may have dropped what it could not write, so that only
    /// a new file is complete.
    private var mustHeal: Bool {
        guard writer.withLock({ $0.syncFailure != nil }) else { return false }
        let now = Clock.monotonicSeconds()
        return rewriting.withLock { now - $0.triedAt >= AppendOnly.healSeconds }
    }

    /// Whether the file has grown as much as `auto-aof-rewrite-percentage` says.
    private func isDue(_ options: Options) -> Bool {
        let size = size
        guard changes.isOn, options.rewritePercentage > 0, size > options.rewriteBytesMin else {
            return false
        }
        let base = max(rewriting.withLock { $0.baseSize }, 1)
        let growth = Int((Double(size) / Double(base) - 1) * 100)
        guard growth >= options.rewritePercentage, mayBeginByItself else { return false }
        log(.notice, "Starting automatic rewriting of AOF on \(growth)% growth")
        return true
    }
}
