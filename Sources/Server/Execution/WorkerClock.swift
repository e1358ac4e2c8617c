internal import CSupport
internal import Primitives

/// A worker's current time: read once per round, and again after commands that took long.
struct WorkerClock {
    /// The number of cycles after which the time is stale: a few tenths of a millisecond.
    private static let staleCycles: UInt64 = apus_cycles_per_millisecond() / 4

    /// Milliseconds since 1970.
    private(set) var now: Int64 = 0
    /// Seconds of the monotonic clock.
    private(set) var seconds: Int64 = 0
    private var readAt: UInt64 = 0
    private var lapAt: UInt64 = 0
    private var staleCycles = WorkerClock.staleCycles

    /// Reads the clocks.
    mutating func read() {
        now = Clock.unixMilliseconds()
        seconds = Clock.monotonicSeconds()
        readAt = apus_cycles()
        lapAt = readAt
    }

    /// The cycles since the last call, or since the clocks were read.
    @inline(__always)
    mutating func lap() -> UInt64 {
        let cycles = apus_cycles()
        defer { lapAt = cycles }
        return cycles &- lapAt
    }

    /// Makes the time stale after `cycles`, if that is earlier than usual.
    mutating func isStale(after cycles: UInt64) {
        staleCycles = min(WorkerClock.staleCycles, cycles == 0 ? 0 : cycles - 1)
    }

    /// When the lap began, in cycles.
    var lapBegin: UInt64 { lapAt }

    /// Makes the current lap start when an earlier one did.
    mutating func resumeLap(from begin: UInt64) { lapAt = begin }

    /// Whether time has passed since the clocks were read, as of the last lap.
    @inline(__always)
    var isStale: Bool { lapAt &- readAt > staleCycles }
}
