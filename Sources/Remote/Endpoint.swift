internal import Glibc
public import System

/// A resolved address at which a server listens, TCP or unix.
public struct Endpoint: Sendable {
    /// The name shown in messages: `host:port`, or the path.
    public let name: String
    private let address: SocketAddress

    /// The endpoints that `address` resolves to, in the resolver's order of preference.
    public static func candidates(
        _ address: ServerAddress
    ) throws(RemoteFailure) -> [Endpoint] {
        let name = address.name
        do throws(SystemError) {
            let found =
                switch address {
                case .unix(let path): [try SocketAddress(path: path)]
                case .tcp(let host, let port): try SocketAddress.resolve(host, port: port)
                }
            return found.map { Endpoint(name: name, address: $0) }
        } catch {
            throw .couldNotConnect(to: name, reason: error.reason)
        }
    }

    /// Connects, and returns once connected.
    public func connect() throws(RemoteFailure) -> Socket {
        do throws(SystemError) { return try Socket.connect(to: address) } catch {
            throw failure(error)
        }
    }

    /// Starts to connect without waiting; the socket is writable once connected.
    public func connectLater() throws(RemoteFailure) -> Socket {
        do throws(SystemError) { return try Socket.connectLater(to: address) } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: SystemError) -> RemoteFailure {
        error.call == "connect"
            ? .couldNotConnect(to: name, reason: error.reason)
            : .system(call: error.call, reason: error.reason)
    }
}
