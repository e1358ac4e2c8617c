/// How much of a worker's time the walk of a snapshot may take.
///
/// With requests to answer, it is an eighth; without, all of it:
///
/// ```text
/// busy   walk ─ serve for seven times as long ─ walk …
/// idle   walk ─ walk ─ walk …
/// ```
/// Times are in nanoseconds of the monotonic clock.
struct WalkPace {
    /// How many times as long as it walked a busy worker serves before it walks again.
    private static let rest: Int64 = 7

    /// When a busy worker may walk again.
    private var resumesAt: Int64 = 0
    /// The number of commands that the worker had run when its last walk ended.
    private var commandsAtEnd: UInt64 = 0

    /// Whether a worker that has run `commands` commands in all may walk at `now`.
    func allows(at now: Int64, commands: UInt64) -> Bool {
        commands == commandsAtEnd || now >= resumesAt
    }

    /// Records a walk.
    mutating func note(from start: Int64, to end: Int64, commands: UInt64) {
        resumesAt = end + (end - start) * WalkPace.rest
        commandsAtEnd = commands
    }
}
