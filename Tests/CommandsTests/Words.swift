import Primitives

@testable import Commands
@testable import Wire

/// Requests for tests.
enum Words {
    /// Passes the words of `line`, separated by spaces, to `body`; `""` is an empty word.
    static func with<Result>(
        _ line: String,
        _ body: (Arguments) throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        try with(line.split(separator: " ").map { $0 == "\"\"" ? [] : Array($0.utf8) }, body)
    }

    /// Passes `words` to `body`.
    static func with<Result>(
        _ words: [[UInt8]],
        _ body: (Arguments) throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        let all = words.flatMap { $0 }
        return try all.withBytes { bytes throws(CommandError) in
            var vector = ArgumentVector()
            var offset = 0
            for word in words {
                vector.append(bytes[offset..<offset + word.count])
                offset += word.count
            }
            return try body(vector.arguments(0, vector.count))
        }
    }

    /// The text of the error that `body` throws, or nil.
    static func error(
        _ line: String,
        _ body: (Arguments) throws(CommandError) -> Void
    ) -> String? {
        do {
            try with(line, body)
            return nil
        } catch {
            var line = ErrorLine(command: "TEST")
            error.write(to: &line)
            return line.text.string
        }
    }
}
