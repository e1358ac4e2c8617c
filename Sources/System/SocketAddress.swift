internal import Glibc

/// Where a socket listens or connects: an IPv4 or IPv6 address with its port, or a path.
public struct SocketAddress: Sendable {
    private var storage = sockaddr_storage()
    private let byteCount: socklen_t

    /// The addresses of `host`, in the resolver's order of preference.
    ///
    /// - Parameters:
    ///   - host: a name or number.
    ///   - port: 0...65535.
    ///   - family: AF_INET or AF_INET6, or nil for either.
    ///   - isListening: whether the addresses are for listening.
    public static func resolve(
        _ host: String,
        port: Int,
        family: Int32? = nil,
        isListening: Bool = false
    ) throws(SystemError) -> [SocketAddress] {
        // SAFETY: a zero addrinfo is a valid hint; hints and list outlive the call.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = family ?? AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = isListening ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else { throw SystemError(resolving: host, status: status) }
        // SAFETY: the list is the resolver's own, freed once; each address is copied before.
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            if let address = unsafe entry.ai_addr {
                found.append(unsafe SocketAddress(address, entry.ai_addrlen))
            }
            unsafe next = entry.ai_next
        }
        return found
    }

    /// The unix socket at `path`.
    public init(path: String) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("bind", number: ENAMETOOLONG)
        }
        byteCount = socklen_t(MemoryLayout<sockaddr_un>.size)
        // SAFETY: the path was checked to fit, the rest is zero; sockaddr_un fits any storage.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        unsafe memcpy(&storage, &address, MemoryLayout<sockaddr_un>.size)
    }

    private init(_ address: UnsafePointer<sockaddr>, _ byteCount: socklen_t) {
        self.byteCount = byteCount
        precondition(Int(byteCount) <= MemoryLayout<sockaddr_storage>.size)
        // SAFETY: the address has so many bytes, just checked to fit.
        unsafe memcpy(&storage, address, Int(byteCount))
    }

    /// AF_INET, AF_INET6 or AF_UNIX.
    var family: Int32 { Int32(storage.ss_family) }

    /// Whether this is the address of a unix socket.
    public var isUnix: Bool { family == AF_UNIX }

    /// Binds a socket to the address, as bind(2).
    func bind(_ descriptor: Int32) -> Int32 {
        // SAFETY: the storage holds `byteCount` valid bytes.
        unsafe withAddress { unsafe Glibc.bind(descriptor, $0, byteCount) }
    }

    /// Starts to connect a socket to the address, as connect(2); retries after a signal.
    func connect(_ descriptor: Int32) -> Int32 {
        while true {
            // SAFETY: as above.
            let status = unsafe withAddress { unsafe Glibc.connect(descriptor, $0, byteCount) }
            if status == 0 || errno != EINTR { return status }
        }
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
        // SAFETY: a socket address of every kind is one by its first field.
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
