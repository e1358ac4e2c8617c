internal import Glibc

/// Clocks.
public enum Clock {
    /// Milliseconds since 1970, the unit of every expiry.
    public static func unixMilliseconds() -> Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Microseconds since 1970.
    public static func unixMicroseconds() -> Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Nanoseconds of a monotonic clock, for durations.
    public static func monotonicNanoseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Seconds of the same clock, as of the kernel's last tick; very cheap to read.
    public static func monotonicSeconds() -> Int64 { Int64(read(CLOCK_MONOTONIC_COARSE).tv_sec) }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // SAFETY: `time` outlives the call.
        unsafe _ = clock_gettime(clock, &time)
        return time
    }
}
