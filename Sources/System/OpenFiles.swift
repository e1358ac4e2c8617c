internal import Glibc

/// How many descriptors the process may have open.
public enum OpenFiles {
    /// The bound that holds now.
    public static var limit: Int {
        let limit = read()
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the bound to `wanted`, or as near to it as the system lets it.
    ///
    /// - Returns: the bound that holds now, and the system's reason where it is less.
    public static func raise(to wanted: Int) -> (limit: Int, reason: String?) {
        var next = read()
        let before = Int(clamping: next.rlim_cur)
        guard before < wanted else { return (before, nil) }
        next.rlim_max = max(next.rlim_max, rlim_t(wanted))
        next.rlim_cur = rlim_t(wanted)
        if set(next) { return (wanted, nil) }
        let reason = SystemError("setrlimit").reason
        // Without the right to raise the hard bound, as much as it allows.
        next = read()
        if next.rlim_max > next.rlim_cur {
            next.rlim_cur = min(next.rlim_max, rlim_t(wanted))
            _ = set(next)
        }
        return (limit, reason)
    }

    private static func read() -> rlimit {
        var limit = rlimit()
        // SAFETY: the call fills the structure that it is given.
        unsafe _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    private static func set(_ limit: rlimit) -> Bool {
        var limit = limit
        // SAFETY: the call only reads the structure.
        return unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    }
}
