internal import Remote
internal import System
internal import TLS

/// A server to connect to: one of its addresses, and how to speak to it.
struct Target {
    let endpoint: Endpoint
    /// What TLS is spoken with, if at all.
    let context: TLSContext?
    let serverName: String?

    /// The targets that `options` may stand for, the resolver's favourite first.
    static func candidates(of options: Options) throws(LoadFailure) -> [Target] {
        let address: ServerAddress =
            options.socketPath.map { .unix(path: $0) }
            ?? .tcp(host: options.host, port: Int(options.port))
        do throws(RemoteFailure) {
            let context = try options.tls.context()
            return try Endpoint.candidates(address).map {
                Target(endpoint: $0, context: context, serverName: options.tls.serverName)
            }
        } catch {
            throw LoadFailure(error)
        }
    }

    /// Connects, and returns once requests can be sent.
    func reach() throws(LoadFailure) -> Channel {
        do throws(RemoteFailure) {
            let socket = try endpoint.connect()
            do throws(RemoteFailure) {
                let channel = try Channel(socket, context, serverName: serverName)
                try channel.secure(within: nil)
                return channel
            } catch {
                socket.close()
                throw error.whileConnecting(to: endpoint.name)
            }
        } catch {
            throw LoadFailure(error)
        }
    }

    /// Starts to connect without waiting.
    func reachLater() throws(LoadFailure) -> Channel {
        do throws(RemoteFailure) {
            return try Channel(endpoint.connectLater(), context, serverName: serverName)
        } catch {
            throw LoadFailure(error)
        }
    }
}
