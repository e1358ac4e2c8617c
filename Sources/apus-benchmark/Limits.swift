internal import Glibc

/// The limits that the system sets for this process.
enum Limits {
    /// Lets the process open `count` files, or as many as allowed.
    static func raiseOpenFiles(to count: Int) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        // SAFETY: `limit` outlives both calls.
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < UInt(count) else { return }
        limit.rlim_cur = min(UInt(count), limit.rlim_max)
        _ = unsafe setrlimit(resource, &limit)
    }
}
