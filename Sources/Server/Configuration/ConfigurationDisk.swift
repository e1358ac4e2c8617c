internal import Glibc

/// File system access for configuration; failures carry the system's error text.
enum ConfigurationDisk {
    /// A failed system call, with the system's error text.
    struct Failure: Error {
        let reason: String

        init(_ number: Int32 = errno) {
            // SAFETY: strerror returns a C string; it is copied immediately.
            reason = unsafe String(cString: strerror(number))
        }
    }

    /// The maximum size of a configuration file; anything larger is a mistake.
    static let bytesMax = 64 << 20

    /// Reads the file at `path`.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        // SAFETY: the path is valid for the length of the call, here and below.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure() }
        defer { close(descriptor) }
        return try read(descriptor: descriptor)
    }

    /// Reads from `descriptor` up to its end.
    static func read(descriptor: Int32) throws(Failure) -> [UInt8] {
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while content.count <= bytesMax {
            // SAFETY: the buffer has room for as many bytes as the call may write.
            let count = unsafe block.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return content }
            if count < 0 {
                guard errno == EINTR else { throw Failure() }
                continue
            }
            content += block[..<count]
        }
        throw Failure(EFBIG)
    }

    /// The paths that match a shell pattern, in alphabetical order.
    static func paths(matching pattern: String) -> [String] {
        // SAFETY: glob fills the given structure; globfree frees what it allocated, after the paths
        // have been copied.
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0, let list = unsafe found.gl_pathv
        else { return [] }
        var paths: [String] = []
        for index in 0..<Int(unsafe found.gl_pathc) {
            if let path = unsafe list[index] { paths.append(unsafe String(cString: path)) }
        }
        return paths
    }

    /// Replaces the file at `path` by `content` in one step that survives a crash.
    static func replace(_ path: String, by content: [UInt8]) throws(Failure) {
        let temporary = "\(path).\(getpid()).tmp"
        // SAFETY: the paths are valid for the length of each call.
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure() }
        do throws(Failure) {
            defer { close(descriptor) }
            try write(content, to: descriptor)
            guard fchmod(descriptor, mode(of: path)) == 0 else { throw Failure() }
            guard fsync(descriptor) == 0 else { throw Failure() }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let failure = Failure()
            unsafe unlink(temporary)
            throw failure
        }
        try synchronizeFolder(of: path)
    }

    /// The permissions of the file to replace; those of a new file if there is none.
    private static func mode(of path: String) -> mode_t {
        var status = stat()
        // SAFETY: the call fills the given structure.
        guard unsafe stat(path, &status) == 0 else { return 0o644 }
        return status.st_mode & 0o777
    }

    private static func write(_ content: [UInt8], to descriptor: Int32) throws(Failure) {
        var rest = content[...]
        while !rest.isEmpty {
            // SAFETY: the buffer lives for the call.
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno != EINTR { throw Failure() }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Makes the new name durable: a rename is safe only once its folder is on disk.
    private static func synchronizeFolder(of path: String) throws(Failure) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure() }
    }

    /// Whether there is a file at `path`.
    static func exists(_ path: String) -> Bool {
        // SAFETY: the path is valid for the length of the call.
        unsafe access(path, F_OK) == 0
    }

    /// Whether a log file can be appended to.
    static func checkAppendable(_ path: String) throws(Failure) {
        // SAFETY: the path is valid for the length of the call.
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure() }
        close(descriptor)
    }

    /// The folder that relative paths start from.
    static func workingDirectory() -> String {
        // SAFETY: getcwd allocates the text, which is copied and then freed.
        guard let path = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// Enters the folder at `path`.
    static func enter(_ path: String) throws(Failure) {
        guard unsafe chdir(path) == 0 else { throw Failure() }
    }
}

/// The facts about the machine that configuration depends on; tests supply their own.
public struct ConfigurationSurroundings: Sendable {
    /// The number of cores that this process may use: the default of `threads`.
    public var processorCount: Int
    /// The folder that relative paths start from.
    public var workingDirectory: @Sendable () -> String
    /// Enters a folder; on failure throws the system's error text.
    public var enterDirectory: @Sendable (String) throws(DirectiveRefusal) -> Void

    /// Creates surroundings.
    public init(
        processorCount: Int,
        workingDirectory: @escaping @Sendable () -> String,
        enterDirectory: @escaping @Sendable (String) throws(DirectiveRefusal) -> Void
    ) {
        self.processorCount = processorCount
        self.workingDirectory = workingDirectory
        self.enterDirectory = enterDirectory
    }

    /// The surroundings of this process.
    public static var process: ConfigurationSurroundings {
        ConfigurationSurroundings(
            processorCount: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            workingDirectory: { ConfigurationDisk.workingDirectory() },
            enterDirectory: { (path: String) throws(DirectiveRefusal) in
                do throws(ConfigurationDisk.Failure) { try ConfigurationDisk.enter(path) } catch {
                    throw DirectiveRefusal(error.reason)
                }
            }
        )
    }
}
