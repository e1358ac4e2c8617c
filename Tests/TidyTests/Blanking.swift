/// Blanks comments and literals in Swift source, keeping line numbers.
enum Blanking {
    /// `text` with comments and the contents of string literals replaced by spaces.
    static func blank(_ text: String) -> String {
        var scanner = Scanner(Array(text.utf8))
        scanner.code(isInterpolation: false)
        return String(decoding: scanner.output, as: UTF8.self)
    }

    /// Works on bytes: the tests are built for debugging, where characters are slow.
    private struct Scanner {
        let input: [UInt8]
        var position = 0
        var output: [UInt8] = []

        init(_ input: [UInt8]) {
            self.input = input
            output.reserveCapacity(input.count)
        }

        /// The byte `offset` bytes ahead; 0 past the end.
        func byte(_ offset: Int = 0) -> UInt8 {
            position + offset < input.count ? input[position + offset] : 0
        }

        func starts(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
            byte() == UInt8(ascii: first) && byte(1) == UInt8(ascii: second)
        }

        func starts(_ text: [UInt8]) -> Bool {
            for (offset, expected) in text.enumerated() where byte(offset) != expected {
                return false
            }
            return true
        }

        mutating func keep(_ count: Int = 1) {
            for _ in 0..<count where position < input.count {
                output.append(input[position])
                position += 1
            }
        }

        mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where position < input.count {
                let isEnd = input[position] == UInt8(ascii: "\n")
                output.append(isEnd ? UInt8(ascii: "\n") : UInt8(ascii: " "))
                position += 1
            }
        }

        /// Reads code up to the parenthesis that closes an interpolation, or to the end.
        mutating func code(isInterpolation: Bool) {
            var depth = 0
            while position < input.count {
                switch input[position] {
                case UInt8(ascii: "/") where starts("/", "/"):
                    while position < input.count, byte() != UInt8(ascii: "\n") { blank() }
                case UInt8(ascii: "/") where starts("/", "*"): comment()
                case UInt8(ascii: "\""): literal()
                case UInt8(ascii: "#") where starts("#", "\"") || starts("#", "#"): literal()
                case UInt8(ascii: "("):
                    depth += 1
                    keep()
                case UInt8(ascii: ")"):
                    if isInterpolation, depth == 0 { return blank() }
                    depth -= 1
                    keep()
                default: keep()
                }
            }
        }

        mutating func comment() {
            var depth = 0
            repeat {
                if starts("/", "*") {
                    depth += 1
                    blank(2)
                } else if starts("*", "/") {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && position < input.count
        }

        mutating func literal() {
            var hashes = 0
            while byte() == UInt8(ascii: "#") {
                hashes += 1
                keep()
            }
            let hashMarks = [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
            let isLong = starts(Array("\"\"\"".utf8))
            let quotes = [UInt8](repeating: UInt8(ascii: "\""), count: isLong ? 3 : 1)
            keep(quotes.count)
            let end = quotes + hashMarks
            let interpolation = [UInt8(ascii: "\\")] + hashMarks + [UInt8(ascii: "(")]
            while position < input.count {
                switch input[position] {
                case UInt8(ascii: "\"") where starts(end): return keep(end.count)
                case UInt8(ascii: "\\") where starts(interpolation):
                    blank(interpolation.count)
                    code(isInterpolation: true)
                case UInt8(ascii: "\\") where hashes == 0: blank(2)
                default: blank()
                }
            }
        }
    }
}
