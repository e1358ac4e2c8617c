internal import CSupport
internal import Glibc

/// The server's own process: its properties, and operations on it.
public enum OwnProcess {
    /// The process id.
    public static var number: Int32 { getpid() }

    /// The absolute path of the program.
    public static var executable: String {
        // SAFETY: realpath allocates the text, which is copied and then freed.
        guard let path = unsafe realpath("/proc/self/exe", nil) else { return "apus-server" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// Whether standard output is a terminal.
    public static var hasTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Detaches from the terminal: continues in a child, while the parent exits with 0.
    ///
    /// Precondition: no thread has been started yet.
    public static func daemonize() throws(SystemError) {
        guard daemon(1, 0) == 0 else { throw SystemError("daemon") }
    }

    /// Whether the process may become any user.
    public static var isRoot: Bool { geteuid() == 0 }

    /// Becomes another user, with that user's groups, for good.
    ///
    /// Precondition: no thread has been started yet.
    public static func become(_ name: String) throws(SystemError) {
        errno = ESRCH
        // SAFETY: the record is read before anything else asks for one.
        guard let record = unsafe getpwnam(name) else { throw SystemError("getpwnam") }
        let (user, group) = unsafe (record.pointee.pw_uid, record.pointee.pw_gid)
        guard unsafe initgroups(name, group) == 0 else { throw SystemError("initgroups") }
        guard setgid(group) == 0 else { throw SystemError("setgid") }
        guard setuid(user) == 0 else { throw SystemError("setuid") }
    }

    /// Sets the title in process listings, truncated to the space of the command line.
    ///
    /// Precondition: `CommandLine.arguments` has been read.
    public static func setTitle(_ title: String) {
        // SAFETY: the text lives for the call, which copies it.
        unsafe apus_set_title(title)
    }

    /// An environment variable, or nil.
    public static func environment(_ name: String) -> String? {
        // SAFETY: the text is copied immediately; nothing changes the environment meanwhile.
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe String(cString: text)
    }

    /// Removes a variable from the environment, so that child processes do not see it.
    public static func forgetEnvironment(_ name: String) {
        // SAFETY: no other thread reads the environment at startup.
        unsafe _ = unsetenv(name)
    }

    /// Stops the process, which is how upstart learns that it is ready.
    public static func stopSelf() { _ = raise(SIGSTOP) }

    /// Replaces the small file at `path` by `text`.
    public static func write(_ text: String, to path: String) throws(SystemError) {
        // SAFETY: the path and the bytes live for the calls.
        let file = unsafe apus_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SystemError("open") }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError("write")
        }
    }

    /// Removes the file at `path`; returns whether it existed.
    public static func remove(_ path: String) -> Bool { unsafe unlink(path) == 0 }

    /// The first number in the file at `path`, such as a kernel setting.
    public static func number(in path: String) -> Int? {
        let digits = text(of: path, byteCountMax: 32).prefix {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    /// As `number`, but the number may have a sign.
    public static func signedNumber(in path: String) -> Int? {
        let text = text(of: path, byteCountMax: 32).prefix { $0 > UInt8(ascii: " ") }
        return Int(String(decoding: text, as: UTF8.self))
    }

    /// The start of the file at `path`, at most `byteCountMax` bytes; empty if it cannot be read.
    static func text(of path: String, byteCountMax: Int) -> ArraySlice<UInt8> {
        // SAFETY: reads no more bytes than there is room for.
        let file = unsafe apus_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: byteCountMax)
        let count = unsafe read(file, &text, text.count)
        return text[..<max(0, count)]
    }

    /// Writes to standard error.
    public static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        // SAFETY: the bytes live for the call.
        unsafe _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Writes to standard output.
    public static func writeOutput(_ text: String) {
        let bytes = Array(text.utf8)
        // SAFETY: the bytes live for the call.
        unsafe _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }

    /// Restarts the program in this process with its original arguments; returns only on failure.
    public static func restart() {
        let path = executable
        // SAFETY: the texts live until the process is replaced; on failure they leak.
        var words = unsafe CommandLine.arguments.map { unsafe strdup($0) }
        unsafe words.append(nil)
        unsafe apus_execute(path, words)
    }

    /// Exits at once, without unwinding.
    public static func end(_ code: Int32) -> Never { exit(code) }
}
