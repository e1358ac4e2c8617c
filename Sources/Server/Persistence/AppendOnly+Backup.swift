internal import Glibc
internal import Persistence
internal import Primitives
internal import Store
internal import System

/// Backups, whose files are those of the append-only file.
extension AppendOnly {
    /// Why a backup cannot be begun or sealed.
    enum BackupRefusal: Error {
        case open
        case notEmpty
        case notIncrementing
        case rewriting
        case system(SystemError)
    }

    /// Begins a backup: with the rewrite in progress, or else with the next one.
    func beginBackup(_ server: Instance, on worker: Worker) throws(BackupRefusal) {
        guard !backup.facts.isOpen, backup.facts.stage != .sealed else { throw .open }
        let options = server.options
        let place = Place(folder: options.backups.folder, prefix: options.appendOnlyPlace.prefix)
        do throws(SystemError) { try Files.makeFolder(place.folder) } catch { throw .system(error) }
        // A snapshot that was given up removes its file itself.
        let isEmpty = Files.names(in: place.folder).allSatisfy { $0.hasPrefix("temp-") }
        guard isEmpty else { throw .notEmpty }
        disownLog(server, on: worker)
        let isOff = !changes.isOn && !rewriting.withLock { $0.isTurningOn }
        // Its files would get into the backup's folder.
        let isBusy = rewriting.withLock { $0.isPreparing || $0.isRunning && !$0.isDropped }
        guard !isOff || !isBusy else { throw .rewriting }
        let isRewriting = !isOff && rewriting.withLock { $0.isRunning && $0.hasIncrement }
        backup.begin(place, ownsLog: isOff, isRewriting: isRewriting)
        rewriting.withLock { state in
            state.nextTryAt = 0
            guard isOff else { return }
            state.place = place
            state.manifest = AppendOnlyManifest()
            state.isTurningOn = true
            state.isScheduled = true
        }
        adopt(options.appendOnlySettings)
        // The rewrite may have ended a moment ago.
        guard !isRewriting || !rewriting.withLock({ $0.isRunning }) else { return }
        backup.waitForRewrite()
        _ = beginRewrite(server, on: worker)
    }

    /// Seals the backup: its changes end here, and those that follow go to another file.
    func sealBackup(_ server: Instance, on worker: Worker) throws(BackupRefusal) {
        guard backup.holdsRewrites else { throw .notIncrementing }
        let ownsLog = backup.ownsLog
        let place = rewriting.withLock { state -> Place? in
            guard !state.isPreparing else { return nil }
            state.isPreparing = !ownsLog
            return state.place
        }
        guard let place else { throw .notIncrementing }
        defer { rewriting.withLock { $0.isPreparing = false } }
        do throws(SystemError) {
            if ownsLog {
                disownLog(server, on: worker)
            } else {
                guard prepare() else { throw SystemError("open", number: EIO) }
                try server.exclusively(worker) { () throws(SystemError) in try rotate() }
            }
            try backup.seal(from: place, ownsLog: ownsLog)
        } catch {
            backup.fail(error.text)
            throw .system(error)
        }
    }

    /// Ends the backup as failed, unless it has ended; false if it has.
    func abortBackup(_ server: Instance, on worker: Worker, because reason: String) -> Bool {
        guard backup.facts.isOpen else { return false }
        disownLog(server, on: worker)
        backup.fail(reason)
        log(.warning, "The backup failed: \(reason)")
        return true
    }

    /// What the backup needs from time to time; called by worker 0 with every tick.
    func upkeepBackup(_ server: Instance, on worker: Worker) {
        backup.expire(after: server.options.backups.seconds)
        guard backup.facts.isOpen else { return disownLog(server, on: worker) }
        guard let failure else { return }
        // Writes must not be refused for a backup's sake, nor must a damaged file stay in use.
        _ = abortBackup(server, on: worker, because: "the append-only file: \(failure.text)")
    }

    /// Continues in the prepared file, once what is in the old one is on the disk.
    ///
    /// The world is stopped.
    private func rotate() throws(SystemError) {
        finish()
        guard durableEnd == changes.end else { throw SystemError("fdatasync", number: EIO) }
        let earlier = size
        let prepared = rewriting.withLock { state -> Prepared? in
            defer { state.prepared = nil }
            return state.prepared
        }
        guard let prepared, change(to: prepared.file, size: 0) else {
            throw SystemError("write", number: EIO)
        }
        rewriting.withLock { $0.earlierBytes = earlier }
    }

    /// Turns off the log if it is on for a backup's sake, and forgets its files.
    private func disownLog(_ server: Instance, on worker: Worker) {
        guard backup.ownsLog else { return }
        server.exclusively(worker) { disownLog(server) }
    }

    /// As above; the world is stopped.
    func disownLog(_ server: Instance) {
        turnOff(server)
        rewriting.withLock { state in
            state.place = server.options.appendOnlyPlace
            state.manifest = AppendOnlyManifest()
        }
        backup.disownLog()
        adopt(server.options.appendOnlySettings)
    }
}
