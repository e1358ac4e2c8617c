internal import CSupport
internal import Glibc
public import Primitives

/// A file that only grows at its end.
public final class AppendFile: Sendable {
    private let descriptor: Int32

    /// Opens the file at `path`, which is created if there is none.
    public init(_ path: String) throws(SystemError) {
        // SAFETY: the path lives for the call.
        descriptor = unsafe apus_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open") }
    }

    deinit { close(descriptor) }

    /// Appends `bytes`; returns how many were written, and the failure if not all were.
    public func append(_ bytes: Bytes) -> (count: Int, failure: SystemError?) {
        var rest = bytes
        while rest.count > 0 {
            // SAFETY: readable for `count`.
            let written = unsafe write(descriptor, rest.base, rest.count)
            if written < 0, errno == EINTR { continue }
            // A full disk accepts a part first, and fails for the rest.
            guard written > 0 else {
                return (bytes.count - rest.count, SystemError("write"))
            }
            rest = rest.dropFirst(written)
        }
        return (bytes.count, nil)
    }

    /// Shortens the file to `size` bytes.
    public func truncate(to size: Int) throws(SystemError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw SystemError("ftruncate") }
    }

    /// Waits until everything written is on disk.
    public func sync() throws(SystemError) {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw SystemError("fdatasync") }
        }
    }
}

/// Operations on files and folders by path.
public enum Files {
    /// The size of the file at `path` in bytes; nil if there is none.
    public static func size(_ path: String) -> Int? {
        var status = stat()
        // SAFETY: the path lives for the call.
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int(status.st_size)
    }

    /// Whether there is a folder at `path`.
    public static func hasFolder(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: the path lives for the call.
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Creates the folder at `path` unless it exists.
    public static func makeFolder(_ path: String) throws(SystemError) {
        // SAFETY: the path lives for the call.
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw SystemError("mkdir")
        }
        guard hasFolder(path) else { throw SystemError("mkdir", number: ENOTDIR) }
    }

    /// Renames a file.
    public static func rename(_ path: String, to target: String) throws(SystemError) {
        // SAFETY: the paths live for the call.
        guard unsafe Glibc.rename(path, target) == 0 else { throw SystemError("rename") }
    }

    /// Gives a file another name, which stays when the first one goes.
    public static func link(_ path: String, as target: String) throws(SystemError) {
        // SAFETY: the paths live for the call.
        guard unsafe Glibc.link(path, target) == 0 else { throw SystemError("link") }
    }

    /// The names in the folder at `path`, in no order; none if it cannot be read.
    public static func names(in path: String) -> [String] {
        // SAFETY: the path lives for the call; an entry is valid until the next one is read.
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file; it is fine if there is none.
    public static func remove(_ path: String) throws(SystemError) {
        // SAFETY: the path lives for the call.
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemError("unlink") }
    }

    /// Shortens the file at `path` to `size` bytes.
    public static func truncate(_ path: String, to size: Int) throws(SystemError) {
        // SAFETY: the path lives for the call.
        guard unsafe Glibc.truncate(path, off_t(size)) == 0 else { throw SystemError("truncate") }
    }

    /// Waits until the entries of the folder at `path` are on disk.
    public static func syncFolder(_ path: String) throws(SystemError) {
        // SAFETY: the path lives for the call.
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw SystemError("open") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw SystemError("fsync") }
    }
}
