internal import Primitives
internal import Store
internal import Synchronization

/// What counts towards `maxmemory`, and for how long more than that was in use.
///
/// ```text
///  maxmemory
/// ├──────────────────────────────────────────────────────────────────┤
/// │ keys and values │ clients' requests │ granted to workers │ room  │
/// ```
/// Replies that wait do not count, as keys that are removed for the sake of a slow reader bring
/// nothing: `client-output-buffer-limit` and `maxmemory-clients` bound those.
///
/// A worker that may add some bytes without looking again has them *granted*. All others count them
/// as used, so that all together stay within the bound.
final class MemoryBound: Sendable {
    private let exceededSince = Atomic<Int64>(0)
    private let exceededBefore = Atomic<Int64>(0)

    /// Notes whether more is in use than there should be, as there is nothing more to remove, or
    /// not soon enough.
    func note(isExceeded: Bool) {
        let since = exceededSince.load(ordering: .relaxed)
        guard (since != 0) != isExceeded else { return }
        let now = Clock.monotonicNanoseconds()
        let (isOurs, _) = exceededSince.compareExchange(
            expected: since,
            desired: isExceeded ? now : 0,
            ordering: .relaxed
        )
        if isOurs, !isExceeded { exceededBefore.add(now - since, ordering: .relaxed) }
    }

    /// Nanoseconds since the bound was exceeded, 0 while it is not.
    var exceededNanoseconds: Int64 {
        let since = exceededSince.load(ordering: .relaxed)
        return since == 0 ? 0 : Clock.monotonicNanoseconds() - since
    }

    /// Nanoseconds during which the bound was exceeded since the start.
    var exceededNanosecondsTotal: Int64 {
        exceededBefore.load(ordering: .relaxed) + exceededNanoseconds
    }
}

extension Instance {
    /// The bytes of replies that wait for clients, as of the workers' last rounds: nothing is
    /// removed for their sake.
    var uncountedBytes: Int {
        workers.reduce(0) { $0 + Int(clamping: $1.clientFigures.outputBytes.value) }
    }

    /// What `executor` may still add before more than `maxmemory` is in use; negative where it is.
    func room(for executor: Executor) -> Int {
        let granted = workers.reduce(0) { sum, worker in
            worker.executor === executor ? sum : sum + Int(clamping: worker.executor.granted.value)
        }
        let used = keyspace.usedBytes + clientBytes - uncountedBytes + granted
        return Int(clamping: options.memoryBytesMax) - used
    }
}
