internal import Glibc
internal import System

/// A listening socket.
struct Listener {
    /// The transport of its clients, and the protocols that they speak.
    struct Kind: Hashable, Sendable {
        enum Transport: String, Sendable {
            case tcp, unix, tls
        }

        let transport: Transport
        let speech: Speech

        init(_ transport: Transport, _ speech: Speech = .redis) {
            self.transport = transport
            self.speech = speech
        }

        /// All kinds.
        static let all = [
            Kind(.tcp), Kind(.unix), Kind(.tls), Kind(.tcp, .memcached), Kind(.unix, .memcached),
            Kind(.tls, .memcached),
        ]

        /// Its name in the log and in INFO.
        var name: String {
            speech == .redis ? transport.rawValue : "\(transport.rawValue), memcached"
        }
    }

    /// The protocols that clients may speak on a listening socket.
    enum Speech: Sendable {
        case redis, memcached
    }

    let descriptor: Int32
    let kind: Kind
    /// Its address for display: `address:port` or a path.
    let place: String

    /// A failure to listen, for the log.
    struct Failure: Error {
        let text: String
        /// The port that could not be listened on.
        var port: (number: Int, kind: Kind)?
    }

    /// Listens on every address of `bind`, except optional ones that are unavailable.
    static func openTCP(_ options: Options) throws(Failure) -> [Listener] {
        let (addresses, ports) = (options.addresses, (options.port, options.secure.port))
        return try openTCP(addresses, ports, options, .redis)
    }

    /// Opens the configured listeners, TCP and unix, for memcached's protocols.
    static func openMemcached(_ options: Options) throws(Failure) -> [Listener] {
        let listeners = try openMemcachedTCP(options)
        let path = options.memcached.socketPath
        let permissions = options.memcached.socketPermissions
        guard let listener = try openUnix(path, permissions, options, .memcached) else {
            return listeners
        }
        return listeners + [listener]
    }

    /// Opens the configured TCP listeners for memcached's protocols.
    static func openMemcachedTCP(_ options: Options) throws(Failure) -> [Listener] {
        var listeners: [Listener] = []
        do throws(Failure) {
            for place in options.memcached.places {
                let ports = (place.port, place.securePort)
                listeners += try openTCP([place.address], ports, options, .memcached)
            }
        } catch {
            for listener in listeners { Socket(listener.descriptor).close() }
            throw error
        }
        return listeners
    }

    /// Listens on a port without TLS and one with it; 0 is none.
    private static func openTCP(
        _ addresses: [String],
        _ ports: (plain: Int, secure: Int),
        _ options: Options,
        _ speech: Speech
    ) throws(Failure) -> [Listener] {
        let plain = try openTCP(addresses, ports.plain, options, Kind(.tcp, speech))
        do throws(Failure) {
            return try plain + openTCP(addresses, ports.secure, options, Kind(.tls, speech))
        } catch {
            for listener in plain { Socket(listener.descriptor).close() }
            throw error
        }
    }

    private static func openTCP(
        _ addresses: [String],
        _ number: Int,
        _ options: Options,
        _ kind: Kind
    ) throws(Failure) -> [Listener] {
        do throws(Failure) {
            let sockets = try openTCP(addresses, number, backlog: options.acceptance.backlog)
            return sockets.map {
                Listener(descriptor: $0.socket.descriptor, kind: kind, place: $0.place)
            }
        } catch {
            throw Failure(text: error.text, port: (number, kind))
        }
    }

    /// Listens on a port of every one of `addresses`, except optional ones that are unavailable.
    static func openTCP(
        _ addresses: [String],
        _ number: Int,
        backlog: Int32
    ) throws(Failure) -> [(socket: Socket, place: String)] {
        guard number != 0, let port = UInt16(exactly: number) else { return [] }
        var sockets: [(socket: Socket, place: String)] = []
        for entry in addresses {
            let isOptional = entry.hasPrefix("-")
            let address = isOptional ? String(entry.dropFirst()) : entry
            let place = "\(address):\(port)"
            do throws(SystemError) {
                let socket = try Socket.listen(address: address, port: port, backlog: backlog)
                sockets.append((socket, place))
            } catch {
                if isOptional && error.number == EADDRNOTAVAIL { continue }
                if absentProtocol.contains(error.number) { continue }
                for (socket, _) in sockets { socket.close() }
                throw Failure(
                    text: "Could not create server TCP listening socket \(place): \(error.text)"
                )
            }
        }
        return sockets
    }

    /// The error numbers that occur on a machine without IPv6.
    private static let absentProtocol: Set<Int32> = [
        ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPFNOSUPPORT, EAFNOSUPPORT,
    ]

    /// Listens on the unix socket, if one is configured.
    static func openUnix(_ options: Options) throws(Failure) -> Listener? {
        let permissions = options.unixSocketPermissions
        return try openUnix(options.unixSocketPath, permissions, options, .redis)
    }

    private static func openUnix(
        _ path: String,
        _ permissions: Int,
        _ options: Options,
        _ speech: Speech
    ) throws(Failure) -> Listener? {
        guard !path.isEmpty else { return nil }
        do throws(SystemError) {
            let socket = try Socket.listen(
                path: path,
                mode: UInt32(permissions),
                group: options.unixSocketGroup,
                backlog: options.acceptance.backlog
            )
            return Listener(descriptor: socket.descriptor, kind: Kind(.unix, speech), place: path)
        } catch {
            throw Failure(text: "Failed opening Unix socket: \(error.text)")
        }
    }
}

extension Listener.Speech {
    /// The reply to a client that connects when there are too many.
    var tooManyClients: StaticString {
        switch self {
        case .redis: "-ERR max number of clients reached\r\n"
        case .memcached: "ERROR Too many open connections\r\n"
        }
    }

    /// The reply to a client from another machine in protected mode.
    var protectedMode: StaticString {
        switch self {
        case .redis: ProtectedMode.refusal
        case .memcached:
            "SERVER_ERROR the server runs in protected mode and serves its own machine only\r\n"
        }
    }
}
