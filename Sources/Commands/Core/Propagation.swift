/// How a command's effect gets into the log, and from there to files and replicas.
public enum Propagation: UInt8, Sendable {
    /// There is nothing to log: the command changes no keys.
    case never
    /// The request itself, unless the handler logged something in its place.
    case verbatim
    /// What the handler logs, and nothing else.
    case own
}
