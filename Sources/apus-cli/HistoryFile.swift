internal import Remote

/// The lines that were typed before, one a line, the newest last.
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

    /// The lines of the file, at most `linesMax`.
    func load() -> [String] {
        let bytes = path.flatMap(Streams.readFile) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).suffix(Self.linesMax).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Rewrites the file with `lines`, readable by its owner alone.
    func save(_ lines: [String]) {
        guard let path else { return }
        let text = lines.suffix(Self.linesMax).map { $0 + "\n" }.joined()
        Streams.writeFile(path, text.bytes)
    }

    /// True if `words` hold a secret, which no history may keep.
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
