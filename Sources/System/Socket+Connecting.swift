internal import CSupport
internal import Glibc
internal import Primitives

/// The side that connects, and waits for one socket alone: that of the tools.
extension Socket {
    /// A connection to `address` that is made when this returns.
    public static func connect(to address: SocketAddress) throws(SystemError) -> Socket {
        let socket = try open(address, flags: 0)
        guard address.connect(socket.descriptor) == 0 else { throw socket.failure("connect") }
        return socket
    }

    /// A connection that may still be on its way, non-blocking; writable once it is made.
    public static func connectLater(to address: SocketAddress) throws(SystemError) -> Socket {
        let socket = try open(address, flags: Int32(SOCK_NONBLOCK.rawValue))
        if address.connect(socket.descriptor) == 0 || errno == EINPROGRESS { return socket }
        guard errno == EAGAIN else { throw socket.failure("connect") }
        // A unix socket with a full backlog answers EAGAIN: there, waiting is the only way.
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
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        if !address.isUnix { tune(descriptor, keepAlive: 0) }
        return Socket(descriptor)
    }

    /// The error that stands in errno; the socket is closed.
    private func failure(_ call: String) -> SystemError {
        let error = SystemError(call)
        close()
        return error
    }

    /// The error of a connection attempt that has ended; 0 is success.
    public func connectionError() -> Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: both outlive the call, the size is that of `error`.
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        return status == 0 ? error : errno
    }

    /// Makes every transfer return at once.
    public func setNonblocking() { _ = apus_set_nonblocking(descriptor) }

    /// Makes every transfer wait until something goes.
    public func setBlocking() {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
    }

    /// What a socket can be waited for.
    public enum Readiness: Sendable {
        /// Something has come, or the other side closed.
        case reading
        /// Something can be sent.
        case writing
    }

    /// Waits at most `milliseconds` (below zero: for ever); false if the time is over before.
    ///
    /// A signal ends the waiting as readiness does.
    public func waits(for readiness: Readiness, milliseconds: Int) -> Bool {
        let events = Int16(readiness == .reading ? POLLIN : POLLOUT)
        var one = pollfd(fd: descriptor, events: events, revents: 0)
        // SAFETY: `one` outlives the call, and it is one.
        return unsafe poll(&one, 1, Int32(clamping: milliseconds)) != 0
    }

    /// Sends as much of `bytes` in `range` as the kernel takes.
    public func send(_ bytes: [UInt8], _ range: Range<Int>) -> Transfer {
        bytes.withBytes { Socket.send(descriptor, $0[range]) }
    }

    /// Receives what is there, at most the size of `buffer`.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        // SAFETY: the count given is the buffer's own.
        unsafe buffer.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress else { return .bytes(0) }
            return unsafe Socket.receive(descriptor, Cell(base), room.count)
        }
    }

    /// Closes the socket.
    public func close() { Socket.close(descriptor) }
}
