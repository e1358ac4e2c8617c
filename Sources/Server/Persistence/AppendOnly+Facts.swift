internal import Persistence
internal import Primitives
internal import System

/// What INFO tells of the append-only file.
extension AppendOnly {
    /// The state as of one moment.
    struct Facts {
        let isOn: Bool
        let isRewriting: Bool
        let isScheduled: Bool
        let lastSeconds: Int64
        /// For how long the rewrite in progress has been running; -1 if there is none.
        let runningSeconds: Int64
        let lastSucceeded: Bool
        let rewrites: Int
        let failures: Int
        let canWrite: Bool
        let size: Int
        let baseSize: Int
        let waitingBytes: Int
        let isSyncing: Bool
        let delayedSyncs: Int
    }

    /// The state now.
    var facts: Facts {
        let size = size
        let (canWrite, delayed, waiting) = writer.withLock {
            (
                $0.writeFailure == nil && $0.syncFailure == nil, $0.delayedSyncs,
                $0.waiting.buffer.count
            )
        }
        return rewriting.withLock { state in
            Facts(
                isOn: changes.isOn || state.isTurningOn,
                isRewriting: state.isRunning,
                isScheduled: state.isScheduled,
                lastSeconds: state.lastSeconds,
                runningSeconds: state.isRunning ? Clock.monotonicSeconds() - state.startedAt : -1,
                lastSucceeded: state.lastSucceeded,
                rewrites: state.rewrites,
                failures: state.failures,
                canWrite: canWrite,
                size: size,
                baseSize: state.baseSize,
                waitingBytes: waiting + changes.waitingBytes,
                isSyncing: isSyncing,
                delayedSyncs: delayed
            )
        }
    }

    /// The size of all files together.
    var size: Int {
        let current = writer.withLock { $0.size }
        return current + rewriting.withLock { $0.earlierBytes }
    }
}
