internal import CSupport
internal import Glibc

/// A connected stream socket; whoever holds it last closes it.
public struct Socket: Sendable {
    /// The kernel's number of it.
    public let descriptor: Int32

    /// What a send or a receive came to.
    public enum Transfer: Equatable, Sendable {
        /// So many bytes went.
        case bytes(Int)
        /// Nothing goes just now.
        case wouldBlock
        /// The other side closed.
        case closed
        /// The error number of what went wrong.
        case failed(Int32)
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

    /// Switches off the waiting for more data before a packet leaves.
    public func sendAtOnce() {
        var one: Int32 = 1
        // SAFETY: `one` outlives the call, its size is given.
        _ = unsafe setsockopt(
            descriptor,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &one,
            socklen_t(MemoryLayout<Int32>.size)
        )
    }

    /// The error of a connection attempt that has ended; 0 is success.
    public func connectionError() -> Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: both outlive the call, the size is that of `error`.
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        return status == 0 ? error : errno
    }

    /// Closes the socket.
    public func close() { _ = Glibc.close(descriptor) }

    /// Sends as much of `bytes` in `range` as the kernel takes.
    public func send(_ bytes: [UInt8], _ range: Range<Int>) -> Transfer {
        precondition(range.upperBound <= bytes.count, "a send stays inside its bytes")
        // SAFETY: the range was just checked.
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(
                descriptor,
                $0.baseAddress?.advanced(by: range.lowerBound),
                range.count,
                Int32(MSG_NOSIGNAL)
            )
        }
        return count >= 0 ? .bytes(count) : failure()
    }

    /// Receives what is there, at most the size of `buffer`.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        // SAFETY: the count given is the buffer's own.
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        if count > 0 { return .bytes(count) }
        return count == 0 ? .closed : failure()
    }

    private func failure() -> Transfer {
        switch errno {
        case EAGAIN, EINTR: .wouldBlock
        case EPIPE, ECONNRESET: .closed
        case let error: .failed(error)
        }
    }
}
