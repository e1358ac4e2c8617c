/// The arguments of a command after its name, for COMMAND DOCS.
///
/// ```text
/// @key           a key                     name:i :d :t :p   integer, double, unix time, pattern
/// name           a string                  TOKEN             a literal word
/// TOKEN name     a word before a value     [ … ]             optional
/// name=(a | b)   one of several            name=[a | b]      one of several, optional
/// name=<a b>     several together          name=[<a b>]      several together, optional
/// name=TOKEN     a word with another name  …...              may be repeated
/// name=""        the empty word
/// ```
struct CommandGrammar {
    /// A word, or a choice or sequence of words.
    struct Argument {
        var name: String
        var type: String
        var token: String?
        var isOptional = false
        var isMultiple = false
        var parts: [Argument] = []
    }

    private let text: [Character]
    private var at = 0

    /// Parses `syntax`, which comes from a row and is therefore well formed.
    static func arguments(_ syntax: StaticString) -> [Argument] {
        var grammar = CommandGrammar(text: Array(syntax.description))
        return grammar.row(until: nil)
    }

    private init(text: [Character]) { self.text = text }

    /// Parses arguments up to the character `end`, which is consumed.
    private mutating func row(until end: Character?) -> [Argument] {
        var row: [Argument] = []
        while true {
            skipSpaces()
            guard at < text.count else { return row }
            if text[at] == end {
                at += 1
                return row
            }
            if text[at] == "|" { return row }
            row.append(argument())
        }
    }

    /// Parses alternatives up to `end`, each of which is one argument.
    private mutating func choice(until end: Character) -> [Argument] {
        var parts: [Argument] = []
        while at < text.count {
            skipSpaces()
            if text[at] == end {
                at += 1
                return parts
            }
            if text[at] == "|" {
                at += 1
                continue
            }
            parts.append(argument())
        }
        return parts
    }

    private mutating func argument() -> Argument {
        if text[at] == "[" {
            at += 1
            var inner = row(until: "]")
            var argument = inner.isEmpty ? Argument(name: "", type: "string") : inner.removeFirst()
            argument.isOptional = true
            readRepeat(&argument)
            return argument
        }
        let word = readWord()
        if isToken(word) {
            let before = at
            skipSpaces()
            if at < text.count, text[at].isLowercase || text[at] == "@" {
                var argument = argument()
                argument.token = word
                return argument
            }
            at = before
            var argument = Argument(name: word.lowercased(), type: "pure-token", token: word)
            readRepeat(&argument)
            return argument
        }
        return value(word)
    }

    private mutating func value(_ word: String) -> Argument {
        var argument = Argument(name: word, type: "string")
        if word.hasPrefix("@") {
            argument.name = String(word.dropFirst())
            argument.type = "key"
        } else if at < text.count, text[at] == ":" {
            argument.type = CommandGrammar.types[text[at + 1]] ?? "string"
            at += 2
        } else if at + 1 < text.count, text[at] == "=" {
            let open = text[at + 1]
            guard "<[(".contains(open) else {
                at += 1
                argument.type = "pure-token"
                let word = readWord()
                argument.token = word == "\"\"" ? "" : word
                return argument
            }
            at += 2
            argument.isOptional = open == "["
            argument.type = open == "<" ? "block" : "oneof"
            if open == "[", at < text.count, text[at] == "<" {
                at += 1
                argument.type = "block"
                argument.parts = row(until: ">")
                precondition(at < text.count && text[at] == "]", "a block ends the brackets")
                at += 1
            } else if open == "<" {
                argument.parts = row(until: ">")
            } else {
                argument.parts = choice(until: open == "[" ? "]" : ")")
            }
        }
        readRepeat(&argument)
        return argument
    }

    private static let types: [Character: String] = [
        "i": "integer", "d": "double", "t": "unix-time", "p": "pattern",
    ]

    private mutating func readRepeat(_ argument: inout Argument) {
        let dots = ["." as Character, ".", "."]
        guard at + 2 < text.count, text[at...(at + 2)] == dots[...] else { return }
        argument.isMultiple = true
        at += 3
    }

    private mutating func readWord() -> String {
        var word = ""
        while at < text.count {
            let character = text[at]
            if " |[]()<>:".contains(character) { break }
            if character == "=", !word.isEmpty { break }
            if character == ".", at + 1 < text.count, text[at + 1] == "." { break }
            word.append(character)
            at += 1
        }
        if word.isEmpty, at < text.count {
            word.append(text[at])
            at += 1
        }
        return word
    }

    private func isToken(_ word: String) -> Bool {
        !word.hasPrefix("@") && !word.contains(where: \.isLowercase)
    }

    private mutating func skipSpaces() {
        while at < text.count, text[at] == " " { at += 1 }
    }
}
