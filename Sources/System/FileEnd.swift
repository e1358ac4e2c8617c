internal import Glibc

/// Shortens files.
public enum FileEnd {
    /// Removes everything from offset `count` on from the file at `path`, and syncs it.
    public static func cut(_ path: String, at count: Int) throws(SystemError) {
        // SAFETY: the path lives for the call.
        let file = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open") }
        defer { close(file) }
        guard ftruncate(file, count) == 0 else { throw SystemError("ftruncate") }
        guard fsync(file) == 0 else { throw SystemError("fsync") }
    }
}
