internal import CSupport
internal import Glibc
internal import Primitives

/// The client side, which waits for one socket at a time.
extension Socket {
    /// Connects to `address` and waits for the connection.
    public static func connect(to address: SocketAddress) throws(SystemError) -> Socket {
        let socket = try open(address, flags: 0)
        guard address.connect(socket.descriptor) == 0 else { throw socket.failure("connect") }
        return socket
    }

    /// Starts to connect to `address` without waiting; the socket is writable once connected.
    public static func connectLater(to address: SocketAddress) throws(SystemError) -> Socket {
        let socket = try open(address, flags: Int32(SOCK_NONBLOCK.rawValue))
        if address.connect(socket.descriptor) == 0 || errno == EINPROGRESS { return socket }
        guard errno == EAGAIN else { throw socket.failure("connect") }
        // EAGAIN means a unix socket with a full backlog: only a blocking connect can wait for it.
        socket.close()
        let patient = try connect(to: address)
        patient.setNonblocking()
        return patient
    }

    private static func open(
        _ address: SocketAddress,
        flags: Int32
    ) throws(SystemError) -> Socket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
        let descriptor = Glibc.socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        let socket = Socket(descriptor)
        if !address.isUnix { socket.tune(keepAlive: 0) }
        return socket
    }

    /// Closes the socket and returns the error in errno.
    private func failure(_ call: String) -> SystemError {
        let error = SystemError(call)
        close()
        return error
    }

    /// The error of a finished connection attempt; 0 is success.
    public func connectionError() -> Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: both outlive the call, the size is that of `error`.
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        return status == 0 ? error : errno
    }

    /// Makes transfers return immediately.
    public func setNonblocking() { _ = apus_set_nonblocking(descriptor) }

    /// Makes transfers wait.
    public func setBlocking() {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
    }

    /// What to wait for.
    public enum Readiness: Sendable {
        /// There are bytes to receive, or the peer closed the connection.
        case reading
        /// The socket is writable.
        case writing
    }

    /// Waits at most `milliseconds` (negative: forever); returns false on timeout.
    ///
    /// A signal ends the wait, too, and returns true.
    public func waits(for readiness: Readiness, milliseconds: Int) -> Bool {
        let events = Int16(readiness == .reading ? POLLIN : POLLOUT)
        var one = pollfd(fd: descriptor, events: events, revents: 0)
        // SAFETY: `one` outlives the call, and it is one.
        return unsafe poll(&one, 1, Int32(clamping: milliseconds)) != 0
    }

    /// Sends as much of `bytes` in `range` as the kernel takes.
    public func send(_ bytes: [UInt8], _ range: Range<Int>) -> Transfer {
        bytes.withBytes { send($0[range]) }
    }

    /// Receives what has arrived, at most the size of `buffer`.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        // SAFETY: the count given is the buffer's own.
        unsafe buffer.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress else { return .bytes(0) }
            return unsafe receive(Cell(base), room.count)
        }
    }
}
