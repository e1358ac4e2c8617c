internal import Glibc

/// The number of descriptors that the process may have open.
public enum OpenFiles {
    /// The current limit.
    public static var limit: Int {
        let limit = read()
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the limit to `wanted`, or as close to it as the system allows.
    ///
    /// - Returns: the limit in force, and the system's reason if it is lower.
    public static func raise(to wanted: Int) -> (limit: Int, reason: String?) {
        var next = read()
        let before = Int(clamping: next.rlim_cur)
        guard before < wanted else { return (before, nil) }
        next.rlim_max = max(next.rlim_max, rlim_t(wanted))
        next.rlim_cur = rlim_t(wanted)
        if set(next) { return (wanted, nil) }
        let reason = SystemError("setrlimit").reason
        // Without permission to raise the hard limit, go up to it.
        next = read()
        if next.rlim_max > next.rlim_cur {
            next.rlim_cur = min(next.rlim_max, rlim_t(wanted))
            _ = set(next)
        }
        return (limit, reason)
    }

    private static func read() -> rlimit {
        var limit = rlimit()
        // SAFETY: the call fills the given structure.
        unsafe _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    private static func set(_ limit: rlimit) -> Bool {
        var limit = limit
        // SAFETY: the call only reads the structure.
        return unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    }
}
