internal import Persistence
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// Turning the append-only file on and off.
extension AppendOnly {
    // MARK: At the start

    /// Loads what the files contain; returns false, with the reason in the log, if that fails.
    func load(_ server: Instance, on worker: Worker) -> Bool {
        worker.executor.readClocks()
        do throws(AppendOnlyLoader.Failure) {
            var loader = AppendOnlyLoader(server, on: worker)
            let manifest = try loader.load()
            rewriting.withLock { state in
                state.place = server.options.appendOnlyPlace
                state.manifest = manifest
            }
            return true
        } catch {
            log(.warning, error.text)
            return false
        }
    }

    /// Appends changes from now on to the files just loaded; the world is stopped, or not running.
    func open(_ server: Instance) throws(SystemError) {
        let place = server.options.appendOnlyPlace
        var manifest = rewriting.withLock { $0.manifest }
        try Files.makeFolder(place.folder)
        if manifest.files.isEmpty {
            if Files.size(server.options.snapshotPath) != nil {
                log(
                    .warning,
                    "\(server.options.snapshotPath) is not loaded, as appendonly is on and there "
                        + "is no AOF yet. To keep its keys, start without appendonly, then use "
                        + "CONFIG SET appendonly yes."
                )
            }
            let name = manifest.nextBaseName(
                place.prefix,
                isSnapshot: server.options.appendOnlySettings.startsWithSnapshot
            )
            log(.notice, "Creating AOF base file \(name) on server start")
            try SnapshotFile.write(
                server.keyspace,
                server.baseSettings(path: place.path(name))
            )
            manifest.replaceBase(name, keepingIncrements: 0)
        }
        let isNew = manifest.increments.isEmpty
        let name = manifest.increments.last?.name ?? manifest.addIncrement(place.prefix)
        log(.notice, "\(isNew ? "Creating" : "Opening") AOF incr file \(name) on server start")
        let file = try AppendFile(place.path(name))
        if isNew { try AppendOnly.write(manifest, at: place) }
        manifest = try clean(manifest, place)
        let sizes = manifest.files.map { Files.size(place.path($0.name)) ?? 0 }
        rewriting.withLock { state in
            state.place = place
            state.manifest = manifest
            state.baseSize = sizes.reduce(0, +)
            state.earlierBytes = sizes.dropLast().reduce(0, +)
        }
        guard change(to: file, size: sizes.last ?? 0) else { return }
        record(true, server)
    }

    // MARK: By CONFIG SET

    /// Turns the file on or off as `options` say; the world is stopped.
    func follow(_ options: Options, _ server: Instance) throws(DirectiveRefusal) {
        if backup.ownsLog {
            disownLog(server)
            backup.fail("appendonly was changed")
        }
        let isTurningOn = rewriting.withLock { $0.isTurningOn }
        let isOn = changes.isOn || isTurningOn
        guard options.appendsChanges != isOn else { return }
        guard options.appendsChanges else { return turnOff(server) }
        log(.notice, "Turning the append only file on")
        let place = options.appendOnlyPlace
        // Files that cannot be read are as good as none.
        let known = try? AppendOnlyLoader.manifest(at: place)
        let isBusy = rewriting.withLock { state -> Bool in
            let isBusy = state.isRunning || state.isPreparing
            state.place = place
            if let known, !isBusy { state.manifest = known }
            state.isTurningOn = true
            state.isScheduled = true
            state.nextTryAt = 0
            return isBusy
        }
        // A rewrite that was given up is about to end.
        guard !isBusy else { return }
        if server.saver.running != nil { _ = server.saver.cancel() }
        guard prepare() else {
            rewriting.withLock { state in
                state.isTurningOn = false
                state.isScheduled = false
            }
            throw DirectiveRefusal("Unable to turn on AOF. Check server logs.")
        }
        cut(server)
    }

    func turnOff(_ server: Instance) {
        finish()
        if changes.isOn { record(false, server) }
        forgetFile()
        rewriting.withLock { state in
            state.isTurningOn = false
            state.isScheduled = false
            state.prepared = nil
            state.isTemporary = false
            state.isDropped = state.isRunning
        }
        if isRewriting.load(ordering: .relaxed) { _ = server.saver.cancel() }
        log(.notice, "The append only file is off")
    }
}
