internal import Remote
internal import System

extension Endpoint {
    /// The endpoints that `options` may mean, the resolver's favourite first.
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

    /// A connection that is made when this returns.
    func reach() throws(LoadFailure) -> Socket {
        do {
            return try connect()
        } catch {
            throw LoadFailure(error)
        }
    }

    /// A connection that may still be on its way.
    func reachLater() throws(LoadFailure) -> Socket {
        do {
            return try connectLater()
        } catch {
            throw LoadFailure(error)
        }
    }
}
