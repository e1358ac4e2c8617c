/// A function of a source file, with its first and last line.
struct FunctionBody {
    /// The line of the declaration, counted from one.
    let line: Int
    /// The line of the closing brace, counted from one.
    let lastLine: Int
    let name: String

    var lineCount: Int { lastLine - line + 1 }

    /// All functions, initializers, deinitializers and subscripts of `file` that have a body.
    static func all(in file: SourceFile) -> [FunctionBody] {
        file.code.indices.compactMap { index in
            guard let name = declaredName(file, index) else { return nil }
            return end(of: index, in: file).map {
                FunctionBody(line: index + 1, lastLine: $0 + 1, name: name)
            }
        }
    }

    private static let modifiers: Set<String> = [
        "public", "internal", "private", "fileprivate", "package", "static", "final", "mutating",
        "nonmutating",
        "borrowing", "consuming", "override", "convenience", "required", "nonisolated", "unsafe",
        "inlinable",
    ]

    private static func declaredName(_ file: SourceFile, _ index: Int) -> String? {
        var words = file.codeWords[index][...]
        // Attributes precede the declaration, often with words of their own in parentheses.
        guard
            let place = words.firstIndex(where: {
                ["func", "init", "deinit", "subscript"].contains($0)
            })
        else { return nil }
        let before = words[..<place]
        let hasAttribute = file.code[index].drop { $0 == " " }.hasPrefix("@")
        guard hasAttribute || before.allSatisfy(modifiers.contains) else { return nil }
        words = words[place...]
        return words.first == "func" ? words.dropFirst().first ?? "operator" : words.first
    }

    /// The index of the line that ends the body which begins after line `start`.
    private static func end(of start: Int, in file: SourceFile) -> Int? {
        let code = file.code
        var braces = 0
        var parentheses = 0
        for index in start..<code.count {
            for character in code[index].utf8 {
                switch character {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{") where braces > 0 || parentheses == 0: braces += 1
                case UInt8(ascii: "}") where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                case UInt8(ascii: "}") where parentheses == 0: return nil
                default: break
                }
            }
            // A protocol requirement has no body: another declaration follows it.
            if braces == 0, parentheses == 0, index > start, declaredName(file, index) != nil {
                return nil
            }
        }
        return nil
    }
}
