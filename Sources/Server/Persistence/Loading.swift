internal import Commands
internal import Glibc
internal import Primitives
internal import Synchronization
internal import System

/// The progress of loading at the start.
///
/// Until it ends, only commands that need no keys run; all others get `-LOADING`.
final class Loading: Sendable {
    /// How far it is.
    struct Progress {
        /// Seconds since 1970.
        let startedAt: Int64
        /// The size of all files to load, and how much of them was loaded.
        var totalBytes = 0
        var loadedBytes = 0
        /// The memory that the keys took in the server that wrote the files, if they tell.
        var usedBytes = 0

        /// The estimated seconds until the end.
        func secondsLeft(at now: Int64) -> Int64 {
            guard loadedBytes > 0 else { return 1 }
            let elapsed = Double(now - startedAt)
            let left = Double(max(0, totalBytes - loadedBytes))
            return Int64(saturating: elapsed * left / Double(loadedBytes))
        }

        /// How much of the files was loaded, in percent.
        var percent: Double {
            guard totalBytes > 0 else { return 0 }
            return 100 * Double(min(loadedBytes, totalBytes)) / Double(totalBytes)
        }
    }

    private let isLoading = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)
    private let state = Locked<Progress?>(nil)

    /// Whether the server is still loading.
    @inline(__always)
    var isOn: Bool { isLoading.load(ordering: .relaxed) }

    /// Whether everything has been loaded; not yet true before loading begins.
    var isOver: Bool { hasEnded.load(ordering: .relaxed) }

    /// How far it is; nil unless it is loading.
    var progress: Progress? { state.withLock { $0 } }

    /// Records that `bytes` more will be loaded.
    func expect(bytes: Int) { state.withLock { $0?.totalBytes += bytes } }

    /// Records the memory that the keys took in the server that wrote the files.
    func noteUse(bytes: Int) { state.withLock { $0?.usedBytes = bytes } }

    fileprivate func advance(bytes: Int) { state.withLock { $0?.loadedBytes += bytes } }

    fileprivate func begin(at second: Int64) {
        state.withLock { $0 = Progress(startedAt: second) }
        isLoading.store(true, ordering: .relaxed)
    }

    fileprivate func end() {
        isLoading.store(false, ordering: .relaxed)
        hasEnded.store(true, ordering: .relaxed)
        state.withLock { $0 = nil }
    }
}

extension Instance {
    /// Has all workers refuse what needs the data.
    func beginLoading() {
        loading.begin(at: Clock.unixMilliseconds() / 1000)
        bulletin.post(Bulletin.Notice(alerts: .loading), by: .loading)
    }

    /// Has all workers serve everything.
    func endLoading() {
        loading.end()
        bulletin.post(Bulletin.Notice(), by: .loading)
        for worker in workers { worker.mailbox.put(.task { $0.expireSoon() }) }
    }
}

extension Worker {
    /// Serves clients if enough was read since `told`; false if loading must end.
    ///
    /// Called by the loader after every key or request, as below.
    func advanceLoading(to position: Int, from told: inout Int) -> Bool {
        let options = server.options
        if options.loadPauseMicroseconds != 0 { pauseLoading(options.loadPauseMicroseconds) }
        let bytes = position - told
        guard bytes >= options.loadedBytesAtOnce else { return true }
        told = position
        return advanceLoading(bytes: bytes)
    }

    /// Pauses for so long after a key; if negative, for a microsecond after so many keys.
    @inline(never)
    private func pauseLoading(_ microseconds: Int) {
        let isDue = microseconds > 0 || executor.context.random.below(-microseconds) == 0
        if isDue { usleep(UInt32(max(microseconds, 1))) }
    }

    /// Records that `bytes` more were loaded, and serves what has arrived meanwhile.
    ///
    /// The loader calls it on the worker's thread, between two commands and without locks, after
    /// every `Options.loadedBytesAtOnce`. Returns false if the server is being shut down, and so
    /// loading must end.
    private func advanceLoading(bytes: Int) -> Bool {
        server.loading.advance(bytes: bytes)
        serveRound(0)
        return !server.isStopping
    }
}
