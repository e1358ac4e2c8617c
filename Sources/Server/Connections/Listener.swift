internal import Glibc
internal import System

/// A listening socket.
struct Listener {
    let descriptor: Int32
    let isUnix: Bool
    /// Its address for display: `address:port` or a path.
    let place: String

    /// The kind, as shown in the log's ready line.
    var kind: String { isUnix ? "unix" : "tcp" }

    /// Why listening failed, for the log.
    struct Failure: Error {
        let text: String
    }

    /// Listens on every address of `bind`, except optional ones that are unavailable.
    static func openTCP(_ options: Options) throws(Failure) -> [Listener] {
        guard options.port != 0, let port = UInt16(exactly: options.port) else { return [] }
        var listeners: [Listener] = []
        for entry in options.addresses {
            let isOptional = entry.hasPrefix("-")
            let address = isOptional ? String(entry.dropFirst()) : entry
            let place = "\(address):\(port)"
            do throws(SystemError) {
                let socket = try Socket.listen(
                    address: address,
                    port: port,
                    backlog: Int32(clamping: options.backlog)
                )
                listeners.append(
                    Listener(descriptor: socket.descriptor, isUnix: false, place: place)
                )
            } catch {
                if isOptional && error.number == EADDRNOTAVAIL { continue }
                if absentProtocol.contains(error.number) { continue }
                for listener in listeners { Socket(listener.descriptor).close() }
                throw Failure(
                    text: "Could not create server TCP listening socket \(place): \(error.text)"
                )
            }
        }
        return listeners
    }

    /// The errors of a machine without IPv6.
    private static let absentProtocol: Set<Int32> = [
        ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPFNOSUPPORT, EAFNOSUPPORT,
    ]

    /// Listens on the unix socket, if one is configured.
    static func openUnix(_ options: Options) throws(Failure) -> Listener? {
        let path = options.unixSocketPath
        guard !path.isEmpty else { return nil }
        do throws(SystemError) {
            let socket = try Socket.listen(
                path: path,
                mode: UInt32(options.unixSocketPermissions),
                group: options.unixSocketGroup,
                backlog: Int32(clamping: options.backlog)
            )
            return Listener(descriptor: socket.descriptor, isUnix: true, place: path)
        } catch {
            throw Failure(text: "Failed opening Unix socket: \(error.text)")
        }
    }
}
