internal import Primitives

/// A token of Lua's grammar.
enum LuaToken: Equatable {
    case name([UInt8])
    case keyword(LuaKeyword)
    /// A literal without its quotes; nil if it has escapes, which are never decoded.
    case text([UInt8]?)
    case number([UInt8])
    /// An operator or a bracket, of up to three characters.
    case mark(String)
    case end

    var isName: Bool { if case .name = self { true } else { false } }
}

/// The reserved words of Lua 5.1.
enum LuaKeyword: String {
    case and, `break`, `do`, `else`, elseif, end, `false`, `for`, function, `if`, `in`, local
    case `nil`, not, or, `repeat`, `return`, then, `true`, until, `while`
}

/// Splits a script into tokens.
///
/// It does not detect every mistake, because scripts are compiled before they run. Anything it
/// does not understand is an error.
struct LuaTokens {
    struct Failure: Error {}

    private let text: [UInt8]
    private var at = 0

    /// The tokens of a script, the last one being `end`.
    static func tokens(of text: [UInt8]) throws(Failure) -> [LuaToken] {
        var reader = LuaTokens(text: text)
        var tokens: [LuaToken] = []
        repeat { tokens.append(try reader.next()) } while tokens.last != .end
        return tokens
    }

    /// The names that may be those of registered functions: behind `register_function(…,` and
    /// `callback =`.
    static func registeredNames(_ tokens: [LuaToken]) -> Set<[UInt8]> {
        var names: Set<[UInt8]> = []
        for at in tokens.indices.dropLast(4) {
            guard case .name(let word) = tokens[at] else { continue }
            if word == Array("callback".utf8), tokens[at + 1] == .mark("="),
                case .name(let name) = tokens[at + 2]
            {
                names.insert(name)
            } else if word == Array("register_function".utf8), tokens[at + 1] == .mark("("),
                tokens[at + 3] == .mark(","), case .name(let name) = tokens[at + 4]
            {
                names.insert(name)
            }
        }
        return names
    }

    private init(text: [UInt8]) {
        self.text = text
        guard text.first == UInt8(ascii: "#") else { return }
        at = text.firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    }

    private func peek(_ ahead: Int = 0) -> UInt8 { at + ahead < text.count ? text[at + ahead] : 0 }

    private mutating func next() throws(Failure) -> LuaToken {
        try skipBlanks()
        guard at < text.count else { return .end }
        let byte = text[at]
        if LuaTokens.isLetter(byte) { return word() }
        if LuaTokens.isDigit(byte) || byte == UInt8(ascii: ".") && LuaTokens.isDigit(peek(1)) {
            return number()
        }
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try quoted(byte) }
        if byte == UInt8(ascii: "["), let level = longLevel() {
            return .text(try longText(level))
        }
        return try mark()
    }

    private mutating func skipBlanks() throws(Failure) {
        while at < text.count {
            if text[at] <= UInt8(ascii: " ") {
                at += 1
            } else if text[at] == UInt8(ascii: "-"), peek(1) == UInt8(ascii: "-") {
                at += 2
                if peek() == UInt8(ascii: "["), let level = longLevel() {
                    _ = try longText(level)
                } else {
                    while at < text.count, text[at] != UInt8(ascii: "\n") { at += 1 }
                }
            } else {
                return
            }
        }
    }

    private mutating func word() -> LuaToken {
        let start = at
        while LuaTokens.isLetter(peek()) || LuaTokens.isDigit(peek()) { at += 1 }
        let word = Array(text[start..<at])
        if let keyword = LuaKeyword(rawValue: String(decoding: word, as: UTF8.self)) {
            return .keyword(keyword)
        }
        return .name(word)
    }

    private mutating func number() -> LuaToken {
        let start = at
        while true {
            let byte = peek()
            let isExponent = byte | 0x20 == UInt8(ascii: "e")
            let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            if isExponent, sign {
                at += 2
            } else if LuaTokens.isLetter(byte) || LuaTokens.isDigit(byte)
                || byte == UInt8(ascii: ".")
            {
                at += 1
            } else {
                return .number(Array(text[start..<at]))
            }
        }
    }

    private mutating func quoted(_ quote: UInt8) throws(Failure) -> LuaToken {
        at += 1
        let start = at
        var isPlain = true
        while peek() != quote {
            guard at < text.count, text[at] != UInt8(ascii: "\n") else { throw Failure() }
            if text[at] == UInt8(ascii: "\\") {
                isPlain = false
                at += 1
            }
            at += 1
        }
        defer { at += 1 }
        return .text(isPlain ? Array(text[start..<at]) : nil)
    }

    /// The number of equals signs of the long bracket that begins here, or nil.
    private func longLevel() -> Int? {
        var level = 0
        while peek(1 + level) == UInt8(ascii: "=") { level += 1 }
        return peek(1 + level) == UInt8(ascii: "[") ? level : nil
    }

    private mutating func longText(_ level: Int) throws(Failure) -> [UInt8] {
        at += level + 2
        let start = at
        while at < text.count {
            if text[at] == UInt8(ascii: "]"), peek(level + 1) == UInt8(ascii: "]"),
                (0..<level).allSatisfy({ peek(1 + $0) == UInt8(ascii: "=") })
            {
                defer { at += level + 2 }
                return Array(text[start..<at])
            }
            at += 1
        }
        throw Failure()
    }

    private static let longMarks = ["...", "..", "==", "~=", "<=", ">="]

    private mutating func mark() throws(Failure) -> LuaToken {
        for mark in LuaTokens.longMarks {
            let bytes = Array(mark.utf8)
            if at + bytes.count <= text.count, Array(text[at..<at + bytes.count]) == bytes {
                at += bytes.count
                return .mark(mark)
            }
        }
        guard Array("+-*/%^#<>=(){}[];:,.".utf8).contains(text[at]) else { throw Failure() }
        defer { at += 1 }
        return .mark(String(UnicodeScalar(text[at])))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_")
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte < 0x80
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
