/// How a command's effects are logged, and thus reach files and replicas.
public enum Propagation: UInt8, Sendable {
    /// Not at all: the command changes no keys.
    case never
    /// As the request itself, unless the handler logged something instead.
    case verbatim
    /// As what the handler logs, and nothing else.
    case own
}
