/// The type of a directive's value.
public enum DirectiveKind: Sendable {
    /// `yes` or `no`.
    case flag
    /// An integer.
    case integer(ClosedRange<Int64>)
    /// File permissions.
    case octal
    /// A size in bytes, with or without a unit.
    case memory(ClosedRange<UInt64>)
    /// A size, or a percentage of `maxmemory`.
    case memoryOrPercent
    /// One of a few names.
    case choice([String])
    /// Flags of SHUTDOWN, for a signal.
    case shutdownFlags
    /// Any bytes.
    case text(TextRule)
    /// Addresses to listen on.
    case addresses
    /// A host and a port, or `no one`.
    case primary
    /// Pairs of seconds and changes.
    case savePoints
    /// Groups of class, hard limit, soft limit, and soft limit's seconds.
    case bufferLimits
    /// Percentages.
    case percentiles
    /// Three scores: for a primary, a replica, and a background process.
    case oomScores
    /// A set of letters.
    case keyspaceEvents

    /// The syntax of a text.
    public enum TextRule: Sendable {
        /// Anything; empty if the directive is not set.
        case optional
        /// Anything, including the empty text.
        case any
        /// A file name without a directory, or empty.
        case fileName
        /// A file name without a directory.
        case requiredFileName
        /// Letters, digits, hyphens and dots; empty if the directive is not set.
        case hostName
        /// A template that `ProcessTitle` can expand.
        case titleTemplate
        /// A directory; setting it changes to it.
        case directory
    }

    /// Whether a value consists of several words.
    public var takesSeveralWords: Bool {
        switch self {
        case .shutdownFlags, .addresses, .primary, .savePoints, .bufferLimits, .percentiles,
            .oomScores:
            true
        case .flag, .integer, .octal, .memory, .memoryOrPercent, .choice, .text, .keyspaceEvents:
            false
        }
    }
}

extension DirectiveKind {
    /// The maximum number of addresses for `bind`.
    static let addressesMax = 16

    /// Parses a value.
    ///
    /// - Parameters: - words: the words after the directive's name. - name: the directive, for
    ///   error texts. - current: the current value, for directives that are set piece by piece.
    func value(
        of words: [[UInt8]],
        for name: String,
        current: ConfigurationValue?
    ) throws(DirectiveRefusal) -> ConfigurationValue {
        guard takesSeveralWords else {
            guard words.count == 1 else { throw DirectiveRefusal("wrong number of arguments") }
            return try singleValue(of: words[0], for: name)
        }
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        switch self {
        case .shutdownFlags: return .choices(try readShutdownFlags(texts))
        case .addresses:
            guard words.count <= Self.addressesMax else {
                throw DirectiveRefusal("Too many bind addresses specified.")
            }
            return .words(words)
        case .primary: return try readPrimary(texts, words)
        case .savePoints:
            guard case .savePoints(let points) = current else {
                return .savePoints(try readSavePoints(texts))
            }
            return .savePoints(texts.isEmpty ? [] : points + (try readSavePoints(texts)))
        case .bufferLimits:
            guard case .bufferLimits(let limits) = current else {
                return .bufferLimits(try readBufferLimits(texts, on: .none))
            }
            return .bufferLimits(try readBufferLimits(texts, on: limits))
        case .percentiles: return .percentiles(try readPercentiles(texts))
        case .oomScores: return .integers(try readOomScores(texts))
        case .flag, .integer, .octal, .memory, .memoryOrPercent, .choice, .text, .keyspaceEvents:
            preconditionFailure("a kind of one word was answered above")
        }
    }

    private func singleValue(
        of word: [UInt8],
        for name: String
    ) throws(DirectiveRefusal) -> ConfigurationValue {
        // Only texts may contain bytes that are not UTF-8; all other types reject U+FFFD.
        let text = String(decoding: word, as: UTF8.self)
        switch self {
        case .flag: return .flag(try readFlag(text))
        case .integer(let range): return .integer(try readInteger(text, in: range))
        case .octal: return .octal(try readOctal(text))
        case .memory(let range): return .memory(try readMemory(text, in: range))
        case .memoryOrPercent: return try readMemoryOrPercent(text)
        case .choice(let names): return .choice(try readChoice(text, of: names))
        case .text(let rule): return .text(try rule.checked(word, for: name))
        case .keyspaceEvents: return .text(try readKeyspaceEvents(text))
        case .shutdownFlags, .addresses, .primary, .savePoints, .bufferLimits, .percentiles,
            .oomScores:
            preconditionFailure("a kind of several words is not read here")
        }
    }
}

// MARK: - One word

private func readFlag(_ text: String) throws(DirectiveRefusal) -> Bool {
    switch text.lowercased() {
    case "yes": return true
    case "no": return false
    default: throw DirectiveRefusal("argument must be 'yes' or 'no'")
    }
}

private func outside(_ lower: String, _ upper: String) -> DirectiveRefusal {
    DirectiveRefusal("argument must be between \(lower) and \(upper) inclusive")
}

private func readInteger(
    _ text: String,
    in range: ClosedRange<Int64>
) throws(DirectiveRefusal) -> Int64 {
    // Also rejects what Swift parses but Redis does not: `+5`, `007`, `-0`.
    guard let number = Int64(text), String(number) == text else {
        throw DirectiveRefusal("argument couldn't be parsed into an integer")
    }
    guard range.contains(number) else {
        throw outside(String(range.lowerBound), String(range.upperBound))
    }
    return number
}

private func readOctal(_ text: String) throws(DirectiveRefusal) -> Int64 {
    guard let number = Int64(text, radix: 8) else {
        throw DirectiveRefusal("argument couldn't be parsed as an octal number")
    }
    guard (0...0o777).contains(number) else { throw outside("0", "777") }
    return number
}

private func readMemory(
    _ text: String,
    in range: ClosedRange<UInt64>
) throws(DirectiveRefusal) -> UInt64 {
    guard let byteCount = memorySize(text) else {
        throw DirectiveRefusal("argument must be a memory value")
    }
    guard range.contains(byteCount) else {
        throw outside(String(range.lowerBound), String(range.upperBound))
    }
    return byteCount
}

/// Parses a size in bytes: digits and a unit, both optional as in Redis.
///
/// `k`, `m` and `g` are powers of ten, `kb`, `mb` and `gb` powers of two. As in Redis, digits
/// beyond 2^64 saturate, and multiplication by the unit wraps.
func memorySize(_ text: String) -> UInt64? {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let units: [String: UInt64] = [
        "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20,
        "g": 1_000_000_000, "gb": 1 << 30,
    ]
    let unit = String(text.utf8.dropFirst(digits.count)) ?? "?"
    guard digits.count < 128, let size = units[unit.lowercased()] else { return nil }
    var number: UInt64 = 0
    for digit in digits {
        let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
        let (sum, isLarger) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
        guard !isTooLarge, !isLarger else {
            number = .max
            break
        }
        number = sum
    }
    return number &* size
}

private func readMemoryOrPercent(_ text: String) throws(DirectiveRefusal) -> ConfigurationValue {
    let refusal = DirectiveRefusal("argument must be a memory or percent value")
    guard text.hasSuffix("%") else {
        guard let byteCount = memorySize(text) else { throw refusal }
        return .memory(byteCount)
    }
    guard let share = try? readInteger(String(text.dropLast()), in: 0...Int64.max) else {
        throw refusal
    }
    guard share <= 100 else {
        throw DirectiveRefusal("percentage argument must be less or equal to 100")
    }
    return share == 0 ? .memory(0) : .percent(share)
}

private func readChoice(_ text: String, of names: [String]) throws(DirectiveRefusal) -> String {
    guard let name = names.first(where: { $0 == text.lowercased() }) else {
        throw DirectiveRefusal(
            "argument(s) must be one of the following: \(names.joined(separator: ", "))"
        )
    }
    return name
}

private func readKeyspaceEvents(_ text: String) throws(DirectiveRefusal) -> [UInt8] {
    guard let choice = NotificationChoice(letters: text) else {
        throw DirectiveRefusal("Invalid event class character. Use 'Ag$lshzxeKEtmdnocSTIV'.")
    }
    return Array(choice.letters.utf8)
}

extension DirectiveKind.TextRule {
    /// Whether empty means "not set", so that CONFIG REWRITE removes its line.
    var meansAbsentWhenEmpty: Bool {
        switch self {
        case .optional, .hostName: true
        case .any, .fileName, .requiredFileName, .titleTemplate, .directory: false
        }
    }

    fileprivate func checked(
        _ word: [UInt8],
        for name: String
    ) throws(DirectiveRefusal) -> [UInt8] {
        switch self {
        case .optional, .any, .directory: break
        case .fileName, .requiredFileName:
            guard !word.contains(UInt8(ascii: "/")) else {
                throw DirectiveRefusal("\(name) can't be a path, just a filename")
            }
            if case .requiredFileName = self, word.isEmpty {
                throw DirectiveRefusal("\(name) can't be empty")
            }
        case .hostName: try checkHostName(word)
        case .titleTemplate:
            let text = String(decoding: word, as: UTF8.self)
            guard ProcessTitle.isValid(template: text) else {
                throw DirectiveRefusal("template format is invalid or contains unknown variables")
            }
        }
        return word
    }
}

private func checkHostName(_ word: [UInt8]) throws(DirectiveRefusal) {
    guard word.count < 256 else {
        throw DirectiveRefusal("Hostnames must be less than 256 characters")
    }
    let allowed = word.allSatisfy { byte in
        let letter = Character(UnicodeScalar(byte))
        return letter.isASCII && (letter.isLetter || letter.isNumber || "-.".contains(letter))
    }
    guard allowed else {
        throw DirectiveRefusal(
            "Hostnames may only contain alphanumeric characters, hyphens or dots"
        )
    }
}

// MARK: - Several words

private func readShutdownFlags(_ texts: [String]) throws(DirectiveRefusal) -> [String] {
    let names = ["default", "save", "nosave", "now", "force"]
    guard !texts.isEmpty else { return [try readChoice("", of: names)] }
    var chosen: Set<String> = []
    for text in texts { chosen.insert(try readChoice(text, of: names)) }
    guard !chosen.isSuperset(of: ["save", "nosave"]) else {
        throw DirectiveRefusal("shutdown options SAVE and NOSAVE can't be used simultaneously")
    }
    let flags = names.dropFirst().filter(chosen.contains)
    return flags.isEmpty ? ["default"] : Array(flags)
}

private func readPrimary(
    _ texts: [String],
    _ words: [[UInt8]]
) throws(DirectiveRefusal) -> ConfigurationValue {
    // Empty is the table's default, which a file cannot express.
    if words.isEmpty || texts == [""] { return .words([]) }
    guard words.count == 2 else { throw DirectiveRefusal("wrong number of arguments") }
    if texts.map({ $0.lowercased() }) == ["no", "one"] { return .words([]) }
    guard let port = Int(texts[1]), (0...65535).contains(port) else {
        throw DirectiveRefusal("Invalid master port")
    }
    return .words(words)
}

private func readSavePoints(_ texts: [String]) throws(DirectiveRefusal) -> [SavePoint] {
    let refusal = DirectiveRefusal("Invalid save parameters")
    guard texts.count.isMultiple(of: 2) else { throw refusal }
    var points: [SavePoint] = []
    for index in stride(from: 0, to: texts.count, by: 2) {
        guard let seconds = Int(texts[index]), let changes = Int(texts[index + 1]),
            seconds >= 1, changes >= 0
        else { throw refusal }
        points.append(SavePoint(seconds: seconds, changes: changes))
    }
    return points
}

private func readBufferLimits(
    _ texts: [String],
    on current: ClientBufferLimits
) throws(DirectiveRefusal) -> ClientBufferLimits {
    guard texts.count.isMultiple(of: 4) else {
        throw DirectiveRefusal("Wrong number of arguments in buffer limit configuration.")
    }
    var limits = current
    for index in stride(from: 0, to: texts.count, by: 4) {
        let place: WritableKeyPath<ClientBufferLimits, BufferLimit>
        switch texts[index].lowercased() {
        case "normal": place = \.normal
        case "slave", "replica": place = \.replica
        case "pubsub": place = \.pubsub
        default:
            throw DirectiveRefusal(
                "Invalid client class specified in buffer limit configuration."
            )
        }
        guard let hard = memorySize(texts[index + 1]), let soft = memorySize(texts[index + 2]),
            let seconds = Int64(texts[index + 3]), seconds >= 0
        else {
            throw DirectiveRefusal(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration."
            )
        }
        limits[keyPath: place] = BufferLimit(
            hardBytes: hard,
            softBytes: soft,
            softSeconds: seconds
        )
    }
    return limits
}

private func readPercentiles(_ texts: [String]) throws(DirectiveRefusal) -> [Double] {
    var shares: [Double] = []
    for text in texts {
        guard let share = Double(text), !share.isNaN else {
            throw DirectiveRefusal("Invalid latency-tracking-info-percentiles parameters")
        }
        guard (0...100).contains(share) else {
            throw DirectiveRefusal(
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
            )
        }
        shares.append(share)
    }
    return shares
}

private func readOomScores(_ texts: [String]) throws(DirectiveRefusal) -> [Int64] {
    guard texts.count == 3 else { throw DirectiveRefusal("wrong number of arguments") }
    let scores = texts.compactMap { Int64($0) }.filter { (-2000...2000).contains($0) }
    guard scores.count == 3 else {
        throw DirectiveRefusal(
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        )
    }
    return scores
}
