internal import CSupport
internal import Glibc

/// Where a server listens: one resolved address, TCP or unix.
public struct Endpoint: Sendable {
    /// As messages show it: `host:port`, or the path.
    public let name: String
    private var address: sockaddr_storage
    private let byteCount: socklen_t

    /// The endpoints that `address` may mean, the resolver's favourite first.
    public static func candidates(
        _ address: ServerAddress
    ) throws(RemoteFailure) -> [Endpoint] {
        switch address {
        case .unix(let path): [try unix(path)]
        case .tcp(let host, let port): try resolve(host, port, name: address.name)
        }
    }

    private static func resolve(
        _ host: String,
        _ port: Int,
        name: String
    ) throws(RemoteFailure) -> [Endpoint] {
        // SAFETY: a zero addrinfo is a valid hint; hints and list outlive the call.
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else {
            // SAFETY: gai_strerror gives a static terminated string.
            let reason = unsafe gai_strerror(status).map { unsafe String(cString: $0) }
            throw .couldNotConnect(to: name, reason: reason ?? "unknown host")
        }
        // SAFETY: the list is the resolver's own, freed once.
        defer { unsafe freeaddrinfo(list) }
        var found: [Endpoint] = []
        var next = unsafe list
        // SAFETY: the list and its addresses live until freeaddrinfo; each is copied here.
        while let entry = unsafe next?.pointee {
            if let address = unsafe entry.ai_addr {
                var storage = sockaddr_storage()
                unsafe memcpy(&storage, address, Int(entry.ai_addrlen))
                found.append(
                    Endpoint(name: name, address: storage, byteCount: unsafe entry.ai_addrlen)
                )
            }
            unsafe next = entry.ai_next
        }
        return found
    }

    private static func unix(_ path: String) throws(RemoteFailure) -> Endpoint {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        let bytes = Array(path.utf8)
        guard bytes.count < capacity else {
            throw .couldNotConnect(to: path, reason: RemoteFailure.reason(ENAMETOOLONG))
        }
        var storage = sockaddr_storage()
        // SAFETY: the path was checked to fit, the rest is zero; sockaddr_un fits any storage.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        unsafe memcpy(&storage, &address, MemoryLayout<sockaddr_un>.size)
        return Endpoint(
            name: path,
            address: storage,
            byteCount: socklen_t(MemoryLayout<sockaddr_un>.size)
        )
    }

    /// A connection that is made when this returns.
    public func connect() throws(RemoteFailure) -> Socket {
        let socket = try open(flags: 0)
        if let error = begin(socket) {
            socket.close()
            throw .couldNotConnect(to: name, reason: RemoteFailure.reason(error))
        }
        return socket
    }

    /// A connection that may still be on its way, never waiting; writable once it is made.
    public func connectLater() throws(RemoteFailure) -> Socket {
        let socket = try open(flags: Int32(SOCK_NONBLOCK.rawValue))
        // A unix socket with a full backlog answers EAGAIN: there, waiting is the only way.
        switch begin(socket) {
        case nil, EINPROGRESS: return socket
        case EAGAIN:
            socket.close()
            let patient = try connect()
            patient.setNonblocking()
            return patient
        case let error?:
            socket.close()
            throw .couldNotConnect(to: name, reason: RemoteFailure.reason(error))
        }
    }

    private func open(flags: Int32) throws(RemoteFailure) -> Socket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
        let descriptor = socket(Int32(address.ss_family), kind, 0)
        guard descriptor >= 0 else {
            throw .system(call: "socket", reason: RemoteFailure.reason(errno))
        }
        let socket = Socket(descriptor: descriptor)
        if address.ss_family != sa_family_t(AF_UNIX) { socket.sendAtOnce() }
        return socket
    }

    /// Starts to connect; the error if that fails or is not yet done.
    private func begin(_ socket: Socket) -> Int32? {
        var address = address
        while true {
            // SAFETY: `address` holds `byteCount` valid bytes and outlives the call.
            let status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(socket.descriptor, $0, byteCount)
                }
            }
            if status == 0 { return nil }
            if errno != EINTR { return errno }
        }
    }
}
