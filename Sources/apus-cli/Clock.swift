internal import Glibc

/// The monotonic clock.
enum Clock {
    /// Seconds since an arbitrary moment.
    static func monotonic() -> Double { Double(nanoseconds()) / 1_000_000_000 }

    /// Whole milliseconds since an arbitrary moment.
    static func milliseconds() -> Int { nanoseconds() / 1_000_000 }

    /// Nanoseconds since an arbitrary moment.
    static func nanoseconds() -> Int {
        var time = timespec()
        // SAFETY: `time` outlives the call.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
