internal import Commands
internal import Glibc
internal import Persistence
internal import Primitives
internal import Synchronization
internal import System

/// The append-only file: every change, written before anybody learns of it.
///
/// ```text
/// commands ─▶ change log ─▶ commit, before replies leave ─▶ file ─▶ disk
///                           │ always: and synced            └─ everysec: by the sync thread
/// ```
/// A worker commits what has been logged before it sends the replies of a round, so that a process
/// that is killed loses nothing that was acknowledged. With `appendfsync always`, it also waits for
/// the disk; what other workers log meanwhile is written and synced together, as one group.
///
/// Locks: the writer's comes after those of partitions and before the change log's.
final class AppendOnly: Sendable {
    /// `appendfsync`.
    enum Policy: UInt8 {
        case never, everySecond, always
    }

    /// The configuration of the writer.
    struct Settings {
        var policy = Policy.everySecond
        /// Whether nothing is synced during a rewrite.
        var sparesDiskWhileRewriting = false
        /// Whether the time is noted in the file.
        var notesTime = false
        /// Whether files that a rewrite has replaced stay.
        var keepsReplaced = false
        /// Whether bases have values instead of requests.
        var startsWithSnapshot = true
    }

    /// What belongs to whoever writes.
    struct Writer {
        var settings = Settings()
        /// The file that changes are appended to; nil if there is none.
        var file: AppendFile?
        /// Its size.
        var size = 0
        /// What has been taken from the log and not been written, because of a failure.
        var waiting = ChangeLog.Chunk()
        var spare = ChangeLog.Chunk()
        /// Files that were replaced, to be synced.
        var replaced: [AppendFile] = []
        /// Since when writing waits for a slow sync, in seconds of the monotonic clock.
        var postponedAt: Int64?
        /// How often it did not wait any longer.
        var delayedSyncs = 0
        /// The second that was last noted in the file.
        var notedSecond: Int64 = 0
        /// Why the last write failed.
        var writeFailure: SystemError?
        /// Why the last sync failed; only a new file heals this.
        var syncFailure: SystemError?
        /// How long each write waits before it begins, for tests.
        var pauseMicroseconds = 0
        /// When a failure was last logged, and the last sync asked for, in seconds.
        var complainedAt: Int64 = -AppendOnly.complaintSeconds
        var syncedAt: Int64 = 0
    }

    /// How long writing waits for a slow sync, in seconds.
    private static let patienceSeconds: Int64 = 2
    /// How often a lasting failure is logged.
    private static let complaintSeconds: Int64 = 30
    /// How much memory is kept for the next write.
    private static let bytesKept = 1 << 20

    let changes: ChangeLog
    let log: Log
    let bulletin: Bulletin
    let writer = Locked(Writer())
    let rewriting = Locked(Rewriting())
    let backup = Backup()
    /// The places in the log up to which changes were written, and are on the disk.
    private let written = Atomic<UInt64>(0)
    private let durable = Atomic<UInt64>(0)
    private let waitsForDisk = Atomic<Bool>(false)
    private let syncs = Atomic<Bool>(false)
    private let fails = Atomic<Bool>(false)
    let isRewriting = Atomic<Bool>(false)
    private let bell = Doorbell()
    private let hasThread = Atomic<Bool>(false)

    init(_ changes: ChangeLog, _ log: Log, _ bulletin: Bulletin) {
        self.changes = changes
        self.log = log
        self.bulletin = bulletin
    }

    /// Whether replies leave only once what they acknowledge is on the disk.
    var isStrict: Bool { changes.isOn && waitsForDisk.load(ordering: .relaxed) }

    /// The place up to which changes are on the disk.
    var durableEnd: UInt64 { durable.load(ordering: .acquiring) }

    /// Applies the configuration.
    func adopt(_ configured: Settings) {
        var settings = configured
        // What is on for a backup's sake must neither hold replies back nor end the server.
        if backup.ownsLog { settings.policy = .everySecond }
        let keptReplaced = writer.withLock { writer in
            defer { writer.settings = settings }
            return writer.settings.keepsReplaced
        }
        if keptReplaced, !settings.keepsReplaced { rewriting.withLock { $0.mustClean = true } }
        waitsForDisk.store(settings.policy == .always, ordering: .relaxed)
    }

    // MARK: Writing

    /// Writes what has been logged so far; must be called before anything is sent.
    @inline(__always)
    func commit() {
        guard _slowPath(changes.isOn) else { return }
        commitNow()
    }

    @inline(never)
    private func commitNow() {
        let end = changes.end
        let reached = waitsForDisk.load(ordering: .relaxed) ? durableEnd : writtenEnd
        guard reached < end, !fails.load(ordering: .relaxed) else { return }
        writer.withLock { writer in
            let reached = writer.settings.policy == .always ? durableEnd : writtenEnd
            if reached < end { _ = write(&writer) }
        }
    }

    private var writtenEnd: UInt64 { written.load(ordering: .acquiring) }

    /// Writes everything, even if a sync is slow or the last write failed; returns whether it did.
    func writeAll(_ writer: inout Writer) -> Bool { write(&writer, isForced: true) }

    private func write(_ writer: inout Writer, isForced: Bool = false) -> Bool {
        guard let file = writer.file else { return true }
        guard isForced || !mustPostpone(&writer) else { return false }
        writer.postponedAt = nil
        noteTime(&writer)
        let end = take(&writer)
        let bytes = writer.waiting.buffer.bytes
        if writer.pauseMicroseconds > 0, bytes.count > 0 {
            usleep(UInt32(writer.pauseMicroseconds))
        }
        let (count, failure) = file.append(bytes)
        if let failure {
            if count > 0, (try? file.truncate(to: writer.size)) == nil {
                // A part stays there; the rest must follow it.
                writer.size += count
                writer.waiting.buffer.removeFirst(count)
            }
            writeFailed(failure, &writer)
            return false
        }
        writer.size += count
        writer.waiting.buffer.removeAll(keep: AppendOnly.bytesKept)
        written.store(end, ordering: .releasing)
        if writer.writeFailure != nil { recovered(&writer) }
        guard writer.settings.policy == .always else { return true }
        return syncNow(file, end, &writer)
    }

    /// Takes what has been logged; returns the place where it ends.
    private func take(_ writer: inout Writer) -> UInt64 {
        guard writer.waiting.buffer.count > 0 else {
            let (chunk, end) = changes.take(leaving: writer.waiting)
            writer.waiting = chunk
            return end
        }
        let (chunk, end) = changes.take(leaving: writer.spare)
        writer.waiting.buffer.append(chunk.buffer.bytes)
        chunk.buffer.removeAll(keep: AppendOnly.bytesKept)
        writer.spare = chunk
        return end
    }

    /// Notes the time in the file if it is to be and the second is another one.
    private func noteTime(_ writer: inout Writer) {
        guard writer.settings.notesTime else { return }
        let second = Clock.unixMilliseconds() / 1000
        guard second != writer.notedSecond else { return }
        writer.notedSecond = second
        writer.waiting.buffer.append("#TS:")
        writer.waiting.buffer.append(decimal: second)
        writer.waiting.buffer.append("\r\n")
    }

    /// Whether writing should wait for a sync in progress, which would block it.
    private func mustPostpone(_ writer: inout Writer) -> Bool {
        guard writer.settings.policy == .everySecond, syncs.load(ordering: .relaxed) else {
            return false
        }
        let now = Clock.monotonicSeconds()
        guard let since = writer.postponedAt else {
            writer.postponedAt = now
            return true
        }
        guard now - since >= AppendOnly.patienceSeconds else { return true }
        writer.delayedSyncs += 1
        log(
            .notice,
            "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer "
                + "without waiting for fsync to complete, this may slow down Apus."
        )
        return false
    }

    // MARK: Syncing

    /// Whether a sync is in progress or about to be.
    var isSyncing: Bool { syncs.load(ordering: .relaxed) }

    /// Whether nothing is to be synced now.
    private func sparesDisk(_ settings: Settings) -> Bool {
        settings.sparesDiskWhileRewriting && isRewriting.load(ordering: .relaxed)
    }

    /// Syncs what has just been written up to `end`.
    private func syncNow(_ file: AppendFile, _ end: UInt64, _ writer: inout Writer) -> Bool {
        if !sparesDisk(writer.settings) {
            do throws(SystemError) { try file.sync() } catch {
                log(
                    .warning,
                    "Can't persist AOF for fsync error when the AOF fsync policy is 'always': "
                        + "\(error.reason). Exiting..."
                )
                OwnProcess.end(1)
            }
        }
        durable.store(end, ordering: .releasing)
        return true
    }

    /// Has the sync thread sync what was written.
    func syncSoon() {
        if !hasThread.exchange(true, ordering: .relaxed) {
            _ = Thread("aof-sync") { [self] in
                while true {
                    bell.wait()
                    syncWritten()
                }
            }
        }
        syncs.store(true, ordering: .relaxed)
        bell.ring()
    }

    private func syncWritten() {
        let (files, end) = writer.withLock { writer -> ([AppendFile], UInt64) in
            defer { writer.replaced = [] }
            return (writer.replaced + (writer.file.map { [$0] } ?? []), writtenEnd)
        }
        var failure: SystemError?
        for file in files {
            do throws(SystemError) { try file.sync() } catch { failure = error }
        }
        syncs.store(false, ordering: .relaxed)
        guard let failure else {
            durable.max(end, ordering: .releasing)
            return
        }
        writer.withLock { writer in
            if writer.syncFailure == nil {
                log(.warning, "Fail to fsync the AOF file: \(failure.reason)")
            }
            writer.syncFailure = failure
            tell(writer)
        }
    }

    /// Writes and syncs everything; for the end of the server, or of the file.
    func finish() {
        guard changes.isOn else { return }
        log(.notice, "Calling fsync() on the AOF file.")
        writer.withLock { writer in
            guard writeAll(&writer), let file = writer.file else { return }
            do throws(SystemError) {
                for file in writer.replaced { try file.sync() }
                try file.sync()
                durable.store(writtenEnd, ordering: .releasing)
            } catch {
                log(.warning, "Fail to fsync the AOF file: \(error.reason)")
            }
        }
    }

    // MARK: Changing the file

    /// Continues in `file`, of `size` bytes, after everything so far has been written.
    ///
    /// Nothing may be logged meanwhile. Returns false, and changes nothing, if writing fails.
    func change(to file: AppendFile?, size: Int) -> Bool {
        let isChanged = writer.withLock { writer -> Bool in
            guard writeAll(&writer) else { return false }
            if let old = writer.file {
                writer.replaced.append(old)
            } else {
                durable.store(changes.end, ordering: .releasing)
            }
            writer.file = file
            writer.size = size
            writer.notedSecond = 0
            written.store(changes.end, ordering: .releasing)
            return true
        }
        guard isChanged else { return false }
        changes.cut()
        syncSoon()
        return true
    }

    /// Gives up the file, and what could not be written to it; nothing is logged any more.
    func forgetFile() {
        writer.withLock { writer in
            writer.file = nil
            writer.replaced = []
            writer.size = 0
            writer.waiting = ChangeLog.Chunk()
            writer.writeFailure = nil
            writer.syncFailure = nil
            tell(writer)
        }
    }

    // MARK: Failures

    private func writeFailed(_ failure: SystemError, _ writer: inout Writer) {
        let now = Clock.monotonicSeconds()
        if now - writer.complainedAt >= AppendOnly.complaintSeconds {
            writer.complainedAt = now
            log(.warning, "Error writing to the AOF file: \(failure.reason)")
        }
        if writer.settings.policy == .always {
            log(
                .warning,
                "Can't recover from AOF write error when the AOF fsync policy is 'always'. "
                    + "Exiting..."
            )
            OwnProcess.end(1)
        }
        writer.writeFailure = failure
        tell(writer)
    }

    private func recovered(_ writer: inout Writer) {
        log(.warning, "AOF write error looks solved. The server can write again.")
        writer.writeFailure = nil
        writer.complainedAt = -AppendOnly.complaintSeconds
        tell(writer)
    }

    /// Has workers refuse writes while there is a failure.
    func tell(_ writer: Writer) {
        fails.store(writer.writeFailure != nil, ordering: .relaxed)
        let isBroken = writer.writeFailure != nil || writer.syncFailure != nil
        bulletin.post(Bulletin.Notice(alerts: isBroken ? .disk : []), by: .appendOnly)
    }

    /// Why writes are refused; nil if they are not, or for another reason.
    var failure: SystemError? { writer.withLock { $0.writeFailure ?? $0.syncFailure } }

    /// Forgets failures, as everything is in a new file.
    func heal() {
        writer.withLock { writer in
            guard writer.syncFailure != nil else { return }
            writer.syncFailure = nil
            log(.notice, "The AOF file is on the disk again. The server can write again.")
            tell(writer)
        }
    }

    // MARK: From time to time

    /// Writes and syncs what is due; called by worker 0 with every tick.
    func upkeep() {
        guard changes.isOn else { return }
        let now = Clock.monotonicSeconds()
        let mustSync = writer.withLock { writer -> Bool in
            if writtenEnd < changes.end || writer.waiting.buffer.count > 0 {
                _ = write(&writer)
            }
            guard writer.settings.policy == .everySecond, now > writer.syncedAt,
                durableEnd < writtenEnd, !syncs.load(ordering: .relaxed),
                !sparesDisk(writer.settings)
            else { return false }
            writer.syncedAt = now
            return true
        }
        if mustSync { syncSoon() }
    }
}
