/// A line of configuration and its location, for error messages.
public struct ConfigurationLine: Equatable, Sendable {
    /// The source of the line.
    public enum Source: Equatable, Sendable {
        case file(String)
        case standardInput
        case commandLine
    }

    /// The source of the line.
    public let source: Source
    /// The line number, starting with one; on the command line, the number of the option.
    public let number: Int
    /// The line without surrounding spaces.
    public let bytes: [UInt8]

    /// The failure caused by this line.
    public func failure(_ reason: String) -> ConfigurationFailure { .line(self, reason) }

    var place: String {
        switch source {
        case .file(let path): "Reading the configuration file '\(path)', at line \(number)"
        case .standardInput:
            "Reading the configuration from standard input, at line \(number)"
        case .commandLine: "Reading the command line, at option \(number)"
        }
    }

    /// `line` without surrounding spaces.
    static func trimmed(_ line: [UInt8]) -> [UInt8] {
        let isBlank = { (byte: UInt8) in " \t\r\n".utf8.contains(byte) }
        guard let first = line.firstIndex(where: { !isBlank($0) }),
            let last = line.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return Array(line[first...last])
    }
}

/// Why the server cannot start with this configuration.
public enum ConfigurationFailure: Error, Equatable {
    /// A line that is invalid or cannot be applied.
    case line(ConfigurationLine, String)
    /// A file that could not be read, and the system's reason.
    case unreadable(path: String, reason: String)
    /// An error in the configuration as a whole.
    case whole(String)

    /// What to print to standard error: Redis' block, which also names the file.
    public func report(version: String) -> String {
        let title = "\n*** FATAL CONFIG FILE ERROR (Apus \(version)) ***\n"
        switch self {
        case .line(let line, let reason):
            let text = String(decoding: line.bytes, as: UTF8.self)
            return "\(title)\(line.place)\n>>> '\(text)'\n\(reason)\n"
        case .unreadable(let path, let reason):
            return "\(title)Can't open config file '\(path)': \(reason)\n"
        case .whole(let reason): return "\(title)\(reason)\n"
        }
    }
}
