internal import CSupport
internal import Glibc
public import Primitives

/// A stream socket; its last holder closes it.
public struct Socket: Sendable {
    /// The file descriptor.
    public let descriptor: Int32

    /// The socket of an open descriptor.
    public init(_ descriptor: Int32) { self.descriptor = descriptor }

    private static let streamFlags =
        Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    // MARK: Listening

    /// Listens on a TCP address.
    ///
    /// - Parameters:
    ///   - address: a name or number, IPv4 or IPv6, `*` for all of IPv4, `::*` for all of IPv6.
    ///   - port: 1...65535.
    ///   - backlog: as listen(2).
    public static func listen(
        address: String,
        port: UInt16,
        backlog: Int32
    ) throws(SystemError) -> Socket {
        let isIPv6 = address.contains(":")
        let name = address == "*" ? "0.0.0.0" : address == "::*" ? "::" : address
        let found = try SocketAddress.resolve(
            name,
            port: Int(port),
            family: isIPv6 ? AF_INET6 : AF_INET,
            isListening: true
        )
        guard let first = found.first else { throw SystemError("bind", number: EADDRNOTAVAIL) }
        let descriptor = socket(first.family, streamFlags, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        let listening = Socket(descriptor)
        listening.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if isIPv6 { listening.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        return try listening.finish(first.bind(descriptor), backlog)
    }

    /// Listens on a unix socket at `path`, replacing a stale one.
    ///
    /// Its permissions are `mode` unless that is zero, and its group is `group` unless that is
    /// empty.
    public static func listen(
        path: String,
        mode: UInt32,
        group: String,
        backlog: Int32
    ) throws(SystemError) -> Socket {
        let address = try SocketAddress(path: path)
        // SAFETY: the path is a terminated string during the calls.
        unsafe unlink(path)
        let descriptor = socket(AF_UNIX, streamFlags, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        let listening = try Socket(descriptor).finish(address.bind(descriptor), backlog)
        if mode != 0 { unsafe chmod(path, mode) }
        if !group.isEmpty {
            do throws(SystemError) { try give(path, to: group) } catch {
                listening.close()
                throw error
            }
        }
        return listening
    }

    private static func give(_ path: String, to group: String) throws(SystemError) {
        // SAFETY: the library owns the entry, which is read immediately; no other thread asks
        // for one at startup.
        guard let entry = unsafe getgrnam(group) else {
            throw SystemError("getgrnam", number: errno == 0 ? ENOENT : errno)
        }
        guard unsafe chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else {
            throw SystemError("chown")
        }
    }

    private func finish(_ bound: Int32, _ backlog: Int32) throws(SystemError) -> Socket {
        guard bound == 0 else {
            let error = SystemError("bind")
            close()
            throw error
        }
        guard Glibc.listen(descriptor, backlog) == 0 else {
            let error = SystemError("listen")
            close()
            throw error
        }
        return self
    }

    /// The outcome of accepting a connection.
    public enum Acceptance: Sendable {
        /// A connection, non-blocking.
        case connection(Socket)
        /// No connection is waiting.
        case none
        /// A connection is waiting, but there is no descriptor or memory for it.
        case noRoom(SystemError)
    }

    /// Accepts a connection; skips those that failed while they were waiting.
    public func accept() -> Acceptance {
        while true {
            let accepted = apus_accept(descriptor)
            if accepted >= 0 { return .connection(Socket(accepted)) }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .noRoom(SystemError("accept"))
            case ECONNABORTED, EINTR, EPROTO: continue
            default: return .none
            }
        }
    }

    /// Disables Nagle's algorithm and probes silent peers every `keepAlive` seconds (0: never).
    public func tune(keepAlive: Int32) {
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        guard keepAlive > 0 else { return }
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, keepAlive)
        set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, max(keepAlive / 3, 1))
        set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    }

    private func set(_ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        // SAFETY: an int option with its size.
        unsafe _ = setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closes the socket.
    public func close() { _ = Glibc.close(descriptor) }

    /// Shuts down and closes a socket that others, such as an io_uring, may still use.
    ///
    /// Their pending requests end.
    public func end() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        close()
    }

    /// Tells the other side that nothing more will be sent.
    public func endOutput() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: Transfers

    /// Receives up to `capacity` bytes into `target`.
    @inline(__always)
    public func receive(_ target: Cell, _ capacity: Int) -> Transfer {
        // SAFETY: the caller guarantees the room.
        outcome(unsafe recv(descriptor, target.base, capacity, 0), zeroIsClosed: true)
    }

    /// Sends as many of `bytes` as the kernel takes.
    @inline(__always)
    public func send(_ bytes: Bytes) -> Transfer {
        // SAFETY: the bytes are readable.
        outcome(
            unsafe Glibc.send(descriptor, bytes.base, bytes.count, Int32(MSG_NOSIGNAL)),
            zeroIsClosed: false
        )
    }

    /// Sends as many bytes of `parts` as the kernel takes in one call, at most 64 parts.
    public func send(parts: [Bytes]) -> Transfer {
        // SAFETY: the vector's addresses are readable and used only during the call.
        let sent = unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 64) { vector in
            let count = min(parts.count, 64)
            for index in 0..<count {
                unsafe vector[index] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: parts[index].base),
                    iov_len: parts[index].count
                )
            }
            var message = unsafe msghdr()
            unsafe message.msg_iov = vector.baseAddress
            unsafe message.msg_iovlen = count
            return unsafe sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
        }
        return outcome(sent, zeroIsClosed: false)
    }

    private func outcome(_ count: Int, zeroIsClosed: Bool) -> Transfer {
        if count > 0 { return .bytes(count) }
        if count == 0 { return zeroIsClosed ? .closed(error: 0) : .bytes(0) }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .closed(error: errno)
    }

    /// Whether the peer has stopped sending, or the connection is broken.
    ///
    /// Bytes sent before that may not have been received yet.
    public var hasHungUp: Bool {
        // POLLRDHUP, which the C library's module does not export.
        let endOfInput: Int16 = 0x2000
        let hangUp = endOfInput | Int16(POLLHUP) | Int16(POLLERR)
        var entry = pollfd(fd: descriptor, events: endOfInput, revents: 0)
        // SAFETY: one entry, which lives during the call.
        return unsafe poll(&entry, 1, 0) > 0 && entry.revents & hangUp != 0
    }

    // MARK: Names

    /// The address of this end, or of the other (`peer`), in Redis' format.
    ///
    /// It is `ip:port`, `[ip]:port`, or `path:0` for unix sockets, whose path the caller knows.
    public func name(peer: Bool, unixPath: String) -> String {
        var name = ByteBuffer()
        appendName(peer: peer, unixPath: unixPath, to: &name)
        return name.bytes.string
    }

    /// Appends what `name` returns.
    public func appendName(
        peer: Bool,
        unixPath: String,
        to target: inout ByteBuffer
    ) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: the storage fits every kind of address.
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let status =
                    unsafe peer
                    ? getpeername(descriptor, address, &length)
                    : getsockname(descriptor, address, &length)
                guard status == 0 else { return target.append("?:0") }
                if unsafe Int32(address.pointee.sa_family) == AF_UNIX {
                    target.append(string: unixPath)
                    return target.append(":0")
                }
                unsafe appendText(address, length, to: &target)
            }
        }
    }

    private func appendText(
        _ address: UnsafePointer<sockaddr>,
        _ length: socklen_t,
        to target: inout ByteBuffer
    ) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1100) { buffer in
            guard let host = buffer.baseAddress else { return }
            let port = unsafe host + 1030
            let status = unsafe getnameinfo(
                address,
                length,
                host,
                1030,
                port,
                60,
                NI_NUMERICHOST | NI_NUMERICSERV
            )
            guard status == 0 else { return target.append("?:0") }
            // SAFETY: both texts end with a zero byte.
            let name = unsafe Bytes(raw: host, count: strlen(host))
            let number = unsafe Bytes(raw: port, count: strlen(port))
            let hasColons = (0..<name.count).contains { name[$0] == UInt8(ascii: ":") }
            if hasColons { target.append("[") }
            target.append(name)
            target.append(hasColons ? "]:" : ":")
            target.append(number)
        }
    }

    /// Whether the peer is on this machine: 127.0.0.1, ::1 or a unix socket.
    ///
    /// As in Redis, other loopback addresses do not count.
    public var isLocal: Bool {
        let peer = name(peer: true, unixPath: "")
        return peer == ":0" || peer.hasPrefix("127.0.0.1:") || peer.hasPrefix("[::1]")
    }
}
