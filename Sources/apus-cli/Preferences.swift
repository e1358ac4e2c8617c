internal import Remote
internal import Wire

/// The user's saved preferences, a file of lines such as `:set nohints`.
enum Preferences {
    static func load() -> [[[UInt8]]]? {
        guard Streams.isInputTerminal else { return nil }
        let named = Streams.environment("APUSCLI_RCFILE") ?? Streams.environment("REDISCLI_RCFILE")
        guard let path = named ?? Streams.environment("HOME").map({ $0 + "/.apusclirc" }) else {
            return nil
        }
        return Streams.readFile(path)?.split(separator: UInt8(ascii: "\n"))
            .compactMap { QuotedWords.split(Array($0)) }.filter { !$0.isEmpty }
    }
}
