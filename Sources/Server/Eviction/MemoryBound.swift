internal import Primitives
internal import Store
internal import Synchronization

/// What counts towards `maxmemory`, and for how long it was exceeded.
///
/// ```text
///  maxmemory
/// ├──────────────────────────────────────────────────────────────────┤
/// │ keys and values │ indexes │ clients' requests │ granted │ room   │
/// ```
/// Waiting replies do not count, as evicting keys because of a slow reader would not help:
/// `client-output-buffer-limit` and `maxmemory-clients` limit those.
///
/// What a worker may add without checking again has been *granted* to it. All others count it as
/// used, so that all of them together stay within the limit.
final class MemoryBound: Sendable {
    private let exceededSince = Atomic<Int64>(0)
    private let exceededBefore = Atomic<Int64>(0)

    /// Records whether the limit is exceeded and nothing can be evicted, or not soon enough.
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

    /// For how many nanoseconds the limit has been exceeded; 0 if it is not.
    var exceededNanoseconds: Int64 {
        let since = exceededSince.load(ordering: .relaxed)
        return since == 0 ? 0 : Clock.monotonicNanoseconds() - since
    }

    /// For how many nanoseconds the limit has been exceeded in total since startup.
    var exceededNanosecondsTotal: Int64 {
        exceededBefore.load(ordering: .relaxed) + exceededNanoseconds
    }
}

extension Instance {
    /// The bytes of waiting replies, as of the workers' last rounds; they never cause evictions.
    var uncountedBytes: Int {
        workers.reduce(0) { $0 + Int(clamping: $1.clientFigures.outputBytes.value) }
    }

    /// What `executor` may still add before `maxmemory` is exceeded; negative if it is.
    func room(for executor: Executor) -> Int {
        let granted = workers.reduce(0) { sum, worker in
            worker.executor === executor ? sum : sum + Int(clamping: worker.executor.granted.value)
        }
        let used =
            keyspace.usedBytes + indexes.byteCount + clientBytes - uncountedBytes + granted
        return Int(clamping: options.memoryBytesMax) - used
    }
}
