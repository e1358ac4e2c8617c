internal import Persistence
internal import Primitives
internal import System

/// A backup in a folder of its own: a base, and the changes from its cut until it is sealed.
///
/// ```text
/// idle ─▶ pending ─ rewrite ─▶ snapshotting ─ base linked ─▶ incrementing ─▶ sealed ─▶ idle
///            └───────────── aborted, or an error ────────────────┴─▶ failed ─▶ idle
/// ```
/// The files are those of the append-only file, by hard links. If that is off, it is on for the
/// time of the backup and stands in the backup's folder itself.
final class Backup: Sendable {
    /// How far it is.
    enum Stage: String {
        case idle, pending, snapshotting, incrementing, sealed, failed
    }

    /// The backup in progress, or the last one.
    struct State {
        var stage = Stage.idle
        /// Why it failed.
        var error = ""
        /// Seconds since 1970; 0: not yet.
        var startedAt: Int64 = 0
        var endedAt: Int64 = 0
        /// Where its files are.
        var place = AppendOnly.Place()
        /// Whether the append-only file is on for its sake only.
        var ownsLog = false
        /// The files that will not change any more, by their names.
        var files: [String] = []
        var base: AppendOnlyManifest.Entry?
        var increment: AppendOnlyManifest.Entry?

        /// Whether it has not been sealed and has not failed.
        var isOpen: Bool { [.pending, .snapshotting, .incrementing].contains(stage) }
    }

    private let state = Locked(State())

    /// The state now.
    var facts: State { state.withLock { $0 } }

    /// Whether rewrites must wait, as they would replace the files that it consists of.
    var holdsRewrites: Bool { state.withLock { $0.stage == .incrementing } }

    /// Whether the append-only file is on for its sake only.
    var ownsLog: Bool { state.withLock { $0.ownsLog } }

    /// Notes that it is not any more.
    func disownLog() { state.withLock { $0.ownsLog = false } }

    // MARK: Stages

    /// Begins a backup in `place`, whose folder is empty.
    func begin(_ place: AppendOnly.Place, ownsLog: Bool, isRewriting: Bool) {
        state.withLock { state in
            state = State()
            state.stage = isRewriting ? .snapshotting : .pending
            state.startedAt = Clock.unixMilliseconds() / 1000
            state.place = place
            state.ownsLog = ownsLog
        }
    }

    /// Notes that the rewrite, which it was begun with, has ended already.
    func waitForRewrite() {
        state.withLock { if $0.stage == .snapshotting { $0.stage = .pending } }
    }

    /// Notes that the rewrite that it waits for has begun.
    func rewriteBegan() {
        state.withLock { if $0.stage == .pending { $0.stage = .snapshotting } }
    }

    /// Takes over the new base of the append-only file in `live`.
    func rewriteEnded(_ manifest: AppendOnlyManifest, _ live: AppendOnly.Place) {
        state.withLock { state in
            guard state.stage == .snapshotting, let base = manifest.base,
                let increment = manifest.increments.last
            else { return }
            do throws(SystemError) {
                if !state.ownsLog { try state.link(base.name, from: live) }
                state.base = base
                state.increment = increment
                state.files = [base.name]
                state.stage = .incrementing
            } catch {
                state.fail(error.text)
            }
        }
    }

    /// Notes that the rewrite that it waited for has failed.
    func rewriteFailed(_ reason: String) {
        state.withLock { if $0.stage == .snapshotting { $0.fail(reason) } }
    }

    /// Adds the changes, which are on the disk and do not grow any more, and a manifest.
    func seal(from live: AppendOnly.Place, ownsLog: Bool) throws(SystemError) {
        var failure: SystemError?
        state.withLock { state in
            guard state.stage == .incrementing, let base = state.base,
                let increment = state.increment
            else { preconditionFailure("a backup is open") }
            do throws(SystemError) {
                if !ownsLog { try state.link(increment.name, from: live) }
                let manifest = AppendOnlyManifest(base: base, increment: increment)
                try AppendOnly.write(manifest, at: state.place)
                state.files = [
                    base.name, increment.name, AppendOnlyManifest.name(state.place.prefix),
                ]
                state.stage = .sealed
                state.endedAt = Clock.unixMilliseconds() / 1000
            } catch {
                state.fail(error.text)
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Ends it as failed, unless it has ended.
    func fail(_ reason: String) {
        state.withLock { if $0.isOpen { $0.fail(reason) } }
    }

    /// Removes the files of a backup that has ended; false if there is none.
    func cleanUp() -> Bool {
        state.withLock { state in
            guard state.stage == .sealed || state.stage == .failed else { return false }
            state.removeFiles()
            state = State()
            return true
        }
    }

    /// Removes a sealed backup that is older than so many seconds; 0: never.
    func expire(after seconds: Int) {
        guard seconds > 0 else { return }
        let facts = facts
        let isDue = Clock.unixMilliseconds() / 1000 - facts.endedAt >= Int64(seconds)
        if facts.stage == .sealed, isDue { _ = cleanUp() }
    }
}

extension Backup.State {
    fileprivate func link(_ name: String, from live: AppendOnly.Place) throws(SystemError) {
        try Files.link(live.path(name), as: place.path(name))
        try Files.syncFolder(place.folder)
    }

    fileprivate mutating func fail(_ reason: String) {
        removeFiles()
        stage = .failed
        error = reason
    }

    /// Removes its files; what cannot be removed is in nobody's way.
    fileprivate mutating func removeFiles() {
        let beginnings = [place.prefix, "temp-" + place.prefix]
        for name in Files.names(in: place.folder)
        where beginnings.contains(where: name.hasPrefix) {
            try? Files.remove(place.path(name))
        }
        files = []
    }
}
