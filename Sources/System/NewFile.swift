internal import CSupport
internal import Glibc
public import Primitives

/// A file that is written under a temporary name and renamed once it is complete.
///
/// Readers find the old file or the new one, but never a part. If it is not finished, `deinit`
/// removes what was written.
public final class NewFile {
    private let temporaryPath: String
    private let path: String
    private var descriptor: Int32
    /// After how many bytes the system is asked to start writing to disk.
    ///
    /// Otherwise the final `fdatasync` would take long.
    private static let syncedBytes = 32 << 20
    private var unsyncedBytes = 0

    /// Opens a temporary file in the directory of `path`.
    public init(_ path: String, temporaryName: String) throws(SystemError) {
        self.path = path
        let folder = NewFile.folder(of: path)
        temporaryPath = folder + "/" + temporaryName
        // SAFETY: the path lives for the call.
        descriptor = unsafe apus_open(
            temporaryPath,
            O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
            0o644
        )
        guard descriptor >= 0 else { throw SystemError("open") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        // SAFETY: the path lives for the call.
        unsafe _ = unlink(temporaryPath)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Appends all of `bytes`.
    public func write(_ bytes: Bytes) throws(SystemError) {
        var rest = bytes
        while rest.count > 0 {
            // SAFETY: readable for `count`.
            let written = unsafe Glibc.write(descriptor, rest.base, rest.count)
            guard written >= 0 else {
                if errno == EINTR { continue }
                throw SystemError("write")
            }
            rest = rest.dropFirst(written)
        }
        unsyncedBytes += bytes.count
        guard unsyncedBytes >= NewFile.syncedBytes else { return }
        unsyncedBytes = 0
        guard fdatasync(descriptor) == 0 else { throw SystemError("fdatasync") }
    }

    /// Syncs the file, renames it, and syncs its directory.
    public func finish() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw SystemError("fsync") }
        close(descriptor)
        descriptor = -1
        // SAFETY: the paths live for the calls.
        guard unsafe rename(temporaryPath, path) == 0 else {
            let failure = SystemError("rename")
            unsafe _ = unlink(temporaryPath)
            throw failure
        }
        let folder = unsafe open(NewFile.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw SystemError("open") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw SystemError("fsync") }
    }
}
