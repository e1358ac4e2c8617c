internal import Remote

/// Lines typed earlier, one per line, newest last.
struct HistoryFile {
    /// How many lines are kept.
    static let linesMax = 1000
    let path: String?

    init() {
        let named =
            Streams.environment("APUSCLI_HISTFILE") ?? Streams.environment("REDISCLI_HISTFILE")
        if let named {
            path = named == "/dev/null" ? nil : named
        } else {
            path = Streams.environment("HOME").map { $0 + "/.apuscli_history" }
        }
    }

    /// The newest lines of the file, at most `linesMax`; truncates a file that is much longer.
    func load() -> [String] {
        guard let path else { return [] }
        let lines = (Streams.readFile(path) ?? []).split(separator: UInt8(ascii: "\n"))
        let newest = lines.suffix(Self.linesMax)
        if lines.count > Self.linesMax * 2 {
            Streams.writeFile(path, newest.flatMap { $0 + [UInt8(ascii: "\n")] })
        }
        return newest.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Appends a line to the file at once, as another terminal may write to it too.
    func append(_ line: String) {
        guard let path else { return }
        Streams.writeFile(path, "\(line)\n".bytes, appends: true)
    }

    /// Whether `words` contain a secret, which must not be kept in the history.
    static func isSecret(_ words: [[UInt8]]) -> Bool {
        let words = words.map { $0.lowercase.text }
        guard let name = words.first else { return false }
        let rest = words.dropFirst()
        switch name {
        case "auth": return true
        case "acl": return ["setuser", "deluser", "getuser"].contains(rest.first)
        case "hello": return rest.contains("auth")
        case "migrate": return rest.contains("auth") || rest.contains("auth2")
        case "config":
            let secrets = ["masterauth", "primaryauth", "masteruser", "primaryuser", "requirepass"]
            return rest.first == "set"
                && rest.contains { secrets.contains($0) || $0.hasSuffix("-pass") }
        case "sentinel": return rest.contains { $0 == "auth-pass" || $0 == "sentinel-pass" }
        default: return Int(name) != nil && isSecret(rest.map(\.bytes))
        }
    }
}
