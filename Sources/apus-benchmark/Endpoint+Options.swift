internal import Remote
internal import System

extension Endpoint {
    /// The endpoints that `options` may stand for, the resolver's favourite first.
    static func candidates(of options: Options) throws(LoadFailure) -> [Endpoint] {
        let address: ServerAddress =
            options.socketPath.map { .unix(path: $0) }
            ?? .tcp(host: options.host, port: Int(options.port))
        do {
            return try candidates(address)
        } catch {
            throw LoadFailure(error)
        }
    }

    /// Connects, and returns once the connection is made.
    func reach() throws(LoadFailure) -> Socket {
        do {
            return try connect()
        } catch {
            throw LoadFailure(error)
        }
    }

    /// Starts to connect without waiting.
    func reachLater() throws(LoadFailure) -> Socket {
        do {
            return try connectLater()
        } catch {
            throw LoadFailure(error)
        }
    }
}
