/// Takes comments and literals out of Swift source and keeps every line where it is.
enum Blanking {
    /// `text` with comments and the contents of string literals replaced by spaces.
    static func blank(_ text: String) -> String {
        var scanner = Scanner(Array(text))
        scanner.code(until: nil)
        return String(scanner.output)
    }

    private struct Scanner {
        let input: [Character]
        var position = 0
        var output: [Character] = []

        init(_ input: [Character]) {
            self.input = input
            output.reserveCapacity(input.count)
        }

        func starts(_ text: String) -> Bool {
            input[position...].starts(with: text)
        }

        mutating func keep() {
            output.append(input[position])
            position += 1
        }

        mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where position < input.count {
                output.append(input[position].isNewline ? input[position] : " ")
                position += 1
            }
        }

        /// Reads code up to `end`, which closes an interpolation, or to the end of the text.
        mutating func code(until end: Character?) {
            var depth = 0
            while position < input.count {
                if starts("//") {
                    while position < input.count, !input[position].isNewline { blank() }
                } else if starts("/*") {
                    comment()
                } else if input[position] == "\"" || starts("#\"") || starts("##\"") {
                    literal()
                } else {
                    if input[position] == "(" { depth += 1 }
                    if input[position] == ")" {
                        if end == ")", depth == 0 { return blank() }
                        depth -= 1
                    }
                    keep()
                }
            }
        }

        mutating func comment() {
            var depth = 0
            repeat {
                if starts("/*") {
                    depth += 1
                    blank(2)
                } else if starts("*/") {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && position < input.count
        }

        mutating func literal() {
            var hashes = ""
            while input[position] == "#" {
                hashes += "#"
                keep()
            }
            let quote = starts("\"\"\"") ? "\"\"\"" : "\""
            for _ in quote { keep() }
            while position < input.count {
                if starts(quote + hashes) {
                    for _ in quote + hashes { keep() }
                    return
                }
                if starts("\\" + hashes + "(") {
                    blank(2 + hashes.count)
                    code(until: ")")
                } else if hashes.isEmpty, starts("\\") {
                    blank(2)
                } else {
                    blank()
                }
            }
        }
    }
}
