/// The address at which a server listens.
public enum ServerAddress: Equatable, Sendable {
    /// A host by name or number, and a port.
    case tcp(host: String, port: Int)
    /// The path of a unix socket.
    case unix(path: String)

    /// The name shown in messages and prompts: `host:port`, or the path.
    public var name: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port):
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
