internal import Glibc
internal import Remote

/// Other inputs of the process: words, variables, files.
extension Streams {
    /// The words of the command line as the system passed them, without the program's name.
    static var arguments: [[UInt8]] {
        // SAFETY: argv holds argc terminated strings that live as long as the process.
        (1..<max(Int(CommandLine.argc), 1)).map { index in
            guard let word = unsafe CommandLine.unsafeArgv[index] else { return [] }
            return unsafe Array(UnsafeBufferPointer(start: word, count: strlen(word))).map {
                UInt8(bitPattern: $0)
            }
        }
    }

    /// An environment variable.
    static func environment(_ name: String) -> String? {
        // SAFETY: the string is copied at once, nobody changes the environment.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The contents of the file at `path`; nil if it cannot be read.
    static func readFile(_ path: String) -> [UInt8]? {
        // SAFETY: the path is a terminated string during the call.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(file, into: &block), count > 0 { bytes += block[..<count] }
        return bytes
    }

    /// Writes or appends to the file at `path`, readable only by its owner; false if that fails.
    @discardableResult
    static func writeFile(_ path: String, _ bytes: [UInt8], appends: Bool = false) -> Bool {
        let how = appends ? O_APPEND : O_TRUNC
        // SAFETY: the path is a terminated string during the call.
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        return write(bytes, to: file)
    }

    /// Waits up to `milliseconds` for bytes of `file` or for the socket.
    ///
    /// Returns whether `file` has any.
    static func waits(
        for file: Int32?,
        _ socket: Int32,
        isSending: Bool,
        milliseconds: Int32
    ) -> Bool {
        var both = [
            pollfd(fd: file ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(isSending ? POLLIN | POLLOUT : POLLIN), revents: 0),
        ]
        // SAFETY: two entries, alive during the call.
        let status = unsafe poll(&both, 2, milliseconds)
        return status > 0 && both[0].revents != 0
    }
}

/// Waiting.
enum Pause {
    static func seconds(_ seconds: Double) {
        guard seconds > 0 else { return }
        _ = usleep(UInt32(clamping: Int(min(seconds, 4000) * 1_000_000)))
    }
}
