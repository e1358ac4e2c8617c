/// The timetable of an open loop: when each request is due, whatever happened to earlier ones.
///
/// The threads' timetables interleave: with two threads, the second one's first request is half a
/// period after the first one's.
struct Pacer {
    private let start: Int64
    /// The time from the run's first request to this thread's first.
    private let phase: Double
    private let period: Double

    /// - Parameters:
    ///   - start: The time of the run's first request, in nanoseconds.
    ///   - rate: Requests per second of all threads together.
    init(start: Int64, rate: Int, thread: Int, threads: Int) {
        precondition(rate > 0 && thread < threads, "a pacer has a rate and a place")
        let step = 1e9 / Double(rate)
        self.start = start
        phase = step * Double(thread)
        period = step * Double(threads)
    }

    /// When request `number` is due, in nanoseconds.
    func due(_ number: Int) -> Int64 { start + Int64(phase + period * Double(number)) }

    /// How many requests are due at `now`.
    func dueCount(at now: Int64) -> Int {
        let elapsed = Double(now - start) - phase
        var count = max(0, Int(elapsed / period) + 1)
        // The division may round past a due time that has not come yet, or short of one.
        while count > 0, due(count - 1) > now { count -= 1 }
        while due(count) <= now { count += 1 }
        return count
    }
}
