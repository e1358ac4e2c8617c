/// Proves that a script touches only the keys that its caller declares.
///
/// It parses the script as Lua does, and tracks `KEYS`, `redis`, `redis.call` and single keys.
/// They may be stored in local variables that are never reassigned; anywhere else, the proof
/// fails, which costs only speed.
///
/// ```text
/// local k = KEYS[1]                            k is a key
/// redis.call('incr', k)                        touches a key
/// redis.call('del', unpack(KEYS))              touches keys
/// redis.call('get', KEYS[1] .. ':x')           no proof
/// local function f(k) redis.call('get', k) end no proof
/// ```
/// In a library, the keys are the first parameter of each function that it registers. Such a
/// function must not be used in any other way, and no function within it may refer to its keys, as
/// it might be called again when others are declared.
///
/// The proof relies on two facts: scripts cannot assign globals, and no function available to
/// them returns `redis` or a table of keys other than by these names.
public struct KeyProof {
    /// An argument of a command call.
    public enum Word: Equatable {
        /// A literal.
        case literal([UInt8])
        /// A key that the caller declares.
        case key
        /// Any number of such keys; only ever the last.
        case keys
        /// Anything else.
        case other
        /// Any number of other words; only ever the last.
        case others
    }

    /// What an expression may evaluate to.
    private enum Value: Equatable {
        case keys, key, spreadKeys, library, call, unpack, iterate, literal([UInt8])
        /// redis.register_function, and a function that it registers.
        case register, callback
        /// Keys of an outer function of a library.
        case stale
        case other, several

        /// Whether it is safe to stop tracking the value.
        var isFree: Bool {
            switch self {
            case .keys, .library, .call, .register, .callback, .stale: false
            case .key, .spreadKeys, .unpack, .iterate, .literal, .other, .several: true
            }
        }

        /// Whether a local variable with this value is worth tracking.
        var isFollowed: Bool {
            switch self {
            case .keys, .library, .call, .key, .callback, .stale: true
            default: false
            }
        }
    }

    /// A local variable.
    private struct Variable {
        let name: [UInt8]
        let value: Value
        /// How many functions it is in.
        let level: Int
    }

    private struct Unproved: Error {}

    private static let depthMax = 150
    /// Names that give other ways to reach globals, code or environments.
    private static let forbidden = ["_G", "getfenv", "setfenv", "loadstring", "load", "debug"]
        .map { Array($0.utf8) }

    private let tokens: [LuaToken]
    private var at = 0
    private var variables: [Variable] = []
    private var depth = 0
    /// How many functions the current statement is in.
    private var level = 0
    /// Whether the script is a library, and the names of the functions that it registers.
    private let isLibrary: Bool
    private let registered: Set<[UInt8]>
    private let accepts: ([Word]) -> Bool

    /// Whether the caller declares all the keys that `script` touches.
    ///
    /// `accepts` decides whether a command call touches declared keys only. For a library, the
    /// proof holds for all of its functions or for none.
    public static func holds(
        for script: [UInt8],
        isLibrary: Bool = false,
        _ accepts: ([Word]) -> Bool
    ) -> Bool {
        withoutActuallyEscaping(accepts) { accepts in
            guard let tokens = try? LuaTokens.tokens(of: script) else { return false }
            var proof = KeyProof(tokens: tokens, isLibrary: isLibrary, accepts: accepts)
            do {
                try proof.block()
                return proof.token == .end
            } catch {
                return false
            }
        }
    }

    private init(tokens: [LuaToken], isLibrary: Bool, accepts: @escaping ([Word]) -> Bool) {
        self.tokens = tokens
        self.isLibrary = isLibrary
        registered = isLibrary ? LuaTokens.registeredNames(tokens) : []
        self.accepts = accepts
    }

    // MARK: Tokens

    private var token: LuaToken { tokens[at] }

    private mutating func take(_ mark: String) -> Bool {
        guard token == .mark(mark) else { return false }
        at += 1
        return true
    }

    private mutating func take(_ keyword: LuaKeyword) -> Bool {
        guard token == .keyword(keyword) else { return false }
        at += 1
        return true
    }

    private mutating func demand(_ mark: String) throws(Unproved) {
        guard take(mark) else { throw Unproved() }
    }

    private mutating func demand(_ keyword: LuaKeyword) throws(Unproved) {
        guard take(keyword) else { throw Unproved() }
    }

    private mutating func name() throws(Unproved) -> [UInt8] {
        guard case .name(let name) = token else { throw Unproved() }
        at += 1
        return name
    }

    private mutating func nested<Result>(
        _ body: (inout KeyProof) throws(Unproved) -> Result
    ) throws(Unproved) -> Result {
        depth += 1
        guard depth < KeyProof.depthMax else { throw Unproved() }
        let result = try body(&self)
        depth -= 1
        return result
    }

    // MARK: Statements

    private mutating func block() throws(Unproved) {
        let scope = variables.count
        loop: while true {
            switch token {
            case .end, .keyword(.end), .keyword(.else), .keyword(.elseif), .keyword(.until):
                break loop
            default: try nested { (proof) throws(Unproved) in try proof.statement() }
            }
            _ = take(";")
        }
        variables.removeSubrange(scope...)
    }

    private mutating func statement() throws(Unproved) {
        guard case .keyword(let keyword) = token else { return try expressionStatement() }
        switch keyword {
        case .if: try ifStatement()
        case .while:
            at += 1
            try free(try expression())
            try body(after: .do)
        case .do: try body(after: .do)
        case .for: try forStatement()
        case .repeat: try repeatStatement()
        case .function: try functionStatement()
        case .local: try localStatement()
        case .return:
            at += 1
            switch token {
            case .end, .mark(";"), .keyword(.end), .keyword(.else), .keyword(.elseif),
                .keyword(.until):
                return
            default: for value in try expressions() { try free(value) }
            }
        case .break: at += 1
        default: throw Unproved()
        }
    }

    private mutating func body(after keyword: LuaKeyword) throws(Unproved) {
        try demand(keyword)
        try block()
        try demand(.end)
    }

    private mutating func ifStatement() throws(Unproved) {
        repeat {
            at += 1
            try free(try expression())
            try demand(.then)
            try block()
        } while token == .keyword(.elseif)
        if take(.else) { try block() }
        try demand(.end)
    }

    private mutating func repeatStatement() throws(Unproved) {
        at += 1
        // The condition can use the block's variables.
        let scope = variables.count
        while token != .keyword(.until) {
            guard token != .end else { throw Unproved() }
            try nested { (proof) throws(Unproved) in try proof.statement() }
            _ = take(";")
        }
        at += 1
        try free(try expression())
        variables.removeSubrange(scope...)
    }

    private mutating func forStatement() throws(Unproved) {
        at += 1
        var names = [try name()]
        while take(",") { names.append(try name()) }
        let isNumeric = take("=")
        if !isNumeric { try demand(.in) }
        let values = try expressions()
        // `for index, key in ipairs(KEYS)`.
        let followsKeys = !isNumeric && values == [.iterate]
        if !followsKeys { for value in values { try free(value) } }
        let scope = variables.count
        for (index, name) in names.enumerated() {
            let value: Value = followsKeys && index == 1 ? .key : .other
            declare(name, value)
        }
        try body(after: .do)
        variables.removeSubrange(scope...)
    }

    private mutating func functionStatement() throws(Unproved) {
        at += 1
        let root = try name()
        // The target must be neither a tracked variable nor a global.
        guard let value = find(root), !value.isFollowed else { throw Unproved() }
        var isMethod = false
        while take(".") { _ = try name() }
        if take(":") {
            _ = try name()
            isMethod = true
        }
        try functionBody(isMethod: isMethod)
    }

    private mutating func functionBody(
        isMethod: Bool = false,
        isCallback: Bool = false
    ) throws(Unproved) {
        let scope = variables.count
        level += 1
        if isMethod { declare(Array("self".utf8), .other) }
        try demand("(")
        if !take(")") {
            repeat {
                if take("...") { break }
                let isFirst = variables.count == scope
                declare(try name(), isCallback && isFirst ? .keys : .other)
            } while take(",")
            try demand(")")
        }
        try block()
        try demand(.end)
        level -= 1
        variables.removeSubrange(scope...)
    }

    private mutating func declare(_ name: [UInt8], _ value: Value) {
        variables.append(Variable(name: name, value: value, level: level))
    }

    private mutating func localStatement() throws(Unproved) {
        at += 1
        if take(.function) {
            let name = try name()
            let isCallback = level == 0 && registered.contains(name)
            declare(name, isCallback ? .callback : .other)
            return try functionBody(isCallback: isCallback)
        }
        var names = [try name()]
        while take(",") { names.append(try name()) }
        if level == 0, names.count == 1, registered.contains(names[0]), token == .mark("="),
            tokens[at + 1] == .keyword(.function)
        {
            at += 2
            try functionBody(isCallback: true)
            return declare(names[0], .callback)
        }
        let values = take("=") ? try expressions() : []
        for (index, name) in names.enumerated() {
            var value = index < values.count ? values[index] : .other
            // The last expression yields as many values as there are names left.
            if let last = values.last, index >= values.count - 1, last == .spreadKeys {
                value = .key
            }
            declare(name, value.isFollowed ? value : .other)
        }
        for value in values.dropFirst(names.count) { try free(value) }
    }

    /// An assignment or a call.
    private mutating func expressionStatement() throws(Unproved) {
        var isTarget = try target()
        guard token == .mark("=") || token == .mark(",") else {
            // Only a call may stand alone; the compiler reports anything else.
            return
        }
        while take(",") { isTarget = try target() && isTarget }
        try demand("=")
        for value in try expressions() { try free(value) }
        guard isTarget else { throw Unproved() }
    }

    /// Parses what is assigned or called; returns whether it may be assigned.
    private mutating func target() throws(Unproved) -> Bool {
        if case .name(let name) = token {
            let next = tokens[at + 1]
            if next == .mark("=") || next == .mark(",") {
                at += 1
                // A tracked variable, or a global.
                return find(name).map { !$0.isFollowed } ?? false
            }
        }
        let (value, base) = try suffixed()
        try free(value)
        return base != .keys && base != .library
    }

    // MARK: Expressions

    private func find(_ name: [UInt8]) -> Value? {
        guard let variable = variables.last(where: { $0.name == name }) else { return nil }
        let isKey = variable.value == .key || variable.value == .keys
        return isLibrary && isKey && variable.level < level ? .stale : variable.value
    }

    /// Fails if the value must be tracked and cannot be.
    private func free(_ value: Value) throws(Unproved) {
        guard value.isFree else { throw Unproved() }
    }

    private mutating func expressions() throws(Unproved) -> [Value] {
        var values = [try expression()]
        while take(",") { values.append(try expression()) }
        return values
    }

    private static let binary: Set<String> = [
        "+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=",
    ]

    private mutating func expression() throws(Unproved) -> Value {
        try nested { (proof) throws(Unproved) in try proof.operation() }
    }

    private mutating func operation() throws(Unproved) -> Value {
        var value = try operand()
        while true {
            switch token {
            case .mark(let mark) where KeyProof.binary.contains(mark): break
            case .keyword(.and), .keyword(.or): break
            default: return value
            }
            at += 1
            try free(value)
            let right = try nested { (proof) throws(Unproved) in try proof.operation() }
            try free(right)
            value = .other
        }
    }

    private mutating func operand() throws(Unproved) -> Value {
        let isCount = token == .mark("#")
        guard take("#") || take("-") || take(.not) else { return try simple() }
        let value = try nested { (proof) throws(Unproved) in try proof.operand() }
        if !isCount || value != .keys { try free(value) }
        return .other
    }

    private mutating func simple() throws(Unproved) -> Value {
        switch token {
        case .number(let digits):
            at += 1
            return .literal(digits)
        case .text(let text):
            at += 1
            return text.map { .literal($0) } ?? .other
        case .keyword(.nil), .keyword(.true), .keyword(.false):
            at += 1
            return .other
        case .mark("..."):
            at += 1
            return .several
        case .mark("{"):
            try table()
            return .other
        case .keyword(.function):
            at += 1
            try functionBody()
            return .other
        default: return try suffixed().value
        }
    }

    private mutating func table() throws(Unproved) {
        try demand("{")
        while !take("}") {
            if take("[") {
                try free(try expression())
                try demand("]")
                try demand("=")
            } else if token.isName, tokens[at + 1] == .mark("=") {
                at += 2
            }
            try free(try expression())
            guard take(",") || take(";") || token == .mark("}") else { throw Unproved() }
        }
    }

    /// A name or parenthesized expression with suffixes; also the value before the last index.
    private mutating func suffixed() throws(Unproved) -> (value: Value, base: Value) {
        var value: Value
        var base: Value = .other
        if take("(") {
            value = try expression()
            try demand(")")
            if value == .several || value == .spreadKeys { value = .other }
        } else {
            value = try variable()
        }
        while true {
            switch token {
            case .mark("."):
                at += 1
                base = value
                value = try member(of: value, try name())
            case .mark("["):
                at += 1
                let index = try expression()
                try free(index)
                try demand("]")
                base = value
                switch value {
                case .keys: value = .key
                case .library, .call, .register, .callback: throw Unproved()
                default: value = .other
                }
            case .mark(":"):
                at += 1
                _ = try name()
                try free(value)
                for argument in try arguments() { try free(argument) }
                (value, base) = (.several, .other)
            case .mark("("), .mark("{"), .text:
                (value, base) = (try call(value), .other)
            default: return (value, base)
            }
        }
    }

    private mutating func variable() throws(Unproved) -> Value {
        let name = try name()
        if let value = find(name) {
            guard value != .stale else { throw Unproved() }
            return value
        }
        if KeyProof.forbidden.contains(name) { throw Unproved() }
        switch String(decoding: name, as: UTF8.self) {
        case "KEYS": return .keys
        case "redis", "server": return .library
        case "unpack": return .unpack
        case "ipairs", "pairs": return .iterate
        default: return .other
        }
    }

    private func member(of value: Value, _ name: [UInt8]) throws(Unproved) -> Value {
        switch value {
        case .library:
            let text = String(decoding: name, as: UTF8.self)
            if isLibrary, text == "register_function" { return .register }
            return text == "call" || text == "pcall" ? .call : .other
        case .keys, .call, .register, .callback: throw Unproved()
        default: return .other
        }
    }

    private mutating func arguments() throws(Unproved) -> [Value] {
        switch token {
        case .text(let text):
            at += 1
            return [text.map { .literal($0) } ?? .other]
        case .mark("{"):
            try table()
            return [.other]
        default:
            try demand("(")
            if take(")") { return [] }
            let values = try expressions()
            try demand(")")
            return values
        }
    }

    private mutating func call(_ value: Value) throws(Unproved) -> Value {
        if value == .register {
            try registration()
            return .other
        }
        let arguments = try arguments()
        switch value {
        case .call:
            guard accepts(try words(arguments)) else { throw Unproved() }
            return .several
        case .unpack where arguments.first == .keys:
            for argument in arguments.dropFirst() { try free(argument) }
            return .spreadKeys
        case .iterate where arguments == [.keys]: return .iterate
        case .keys, .library, .callback: throw Unproved()
        default:
            for argument in arguments { try free(argument) }
            return .several
        }
    }

    /// The words of redis.register_function: a name and a function, or a table of them.
    private mutating func registration() throws(Unproved) {
        let isOpen = take("(")
        if token == .mark("{") {
            at += 1
            while !take("}") {
                let key = try name()
                try demand("=")
                if key == Array("callback".utf8) {
                    try callback()
                } else {
                    try free(try expression())
                }
                guard take(",") || take(";") || token == .mark("}") else { throw Unproved() }
            }
        } else {
            guard isOpen else { throw Unproved() }
            try free(try expression())
            try demand(",")
            try callback()
        }
        if isOpen { try demand(")") }
    }

    /// A function that is registered.
    private mutating func callback() throws(Unproved) {
        if take(.function) { return try functionBody(isCallback: true) }
        guard find(try name()) == .callback else { throw Unproved() }
    }

    private func words(_ values: [Value]) throws(Unproved) -> [Word] {
        var words: [Word] = []
        for (index, value) in values.enumerated() {
            let isLast = index == values.count - 1
            switch value {
            case .literal(let text): words.append(.literal(text))
            case .key: words.append(.key)
            case .spreadKeys: words.append(isLast ? .keys : .key)
            case .several: words.append(isLast ? .others : .other)
            case .keys, .library, .call, .register, .callback, .stale: throw Unproved()
            case .unpack, .iterate, .other: words.append(.other)
            }
        }
        return words
    }
}
