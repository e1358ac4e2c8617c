internal import Glibc

/// When a file was last written.
public enum FileStamp {
    /// Nanoseconds since 1970; nil if there is no such file.
    public static func nanoseconds(of path: String) -> Int64? {
        var status = stat()
        // SAFETY: the path is a terminated string, and `status` outlives the call.
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
