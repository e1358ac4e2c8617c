internal import Glibc

/// The CPU time of this process, over all threads, in seconds.
struct ProcessorTime {
    var user = 0.0
    var system = 0.0

    /// The CPU time used so far.
    static func now() -> ProcessorTime {
        var usage = rusage()
        // SAFETY: `usage` outlives the call.
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        return ProcessorTime(user: seconds(usage.ru_utime), system: seconds(usage.ru_stime))
    }

    static func - (later: ProcessorTime, earlier: ProcessorTime) -> ProcessorTime {
        ProcessorTime(user: later.user - earlier.user, system: later.system - earlier.system)
    }

    var total: Double { user + system }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
