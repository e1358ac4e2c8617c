internal import Commands
internal import Primitives
internal import Wire

/// The state of a user while rules are applied to it.
struct UserRules: Sendable {
    /// Whether clients may authenticate as it.
    private(set) var isOn = false
    /// Whether any password is accepted.
    private(set) var needsNoPassword = false
    /// The rule about whether payloads for RESTORE are sanitized, if there is one.
    private(set) var payloadRule: StaticString?
    /// The digests of its passwords, each with its position in the order of addition.
    private var sums: [SHA256: Int] = [:]
    private var nextPlace = 0
    /// The first one is the one for rules without parentheses.
    private(set) var selectors: [AccessSelector]
    /// Whether new selectors allow all channels.
    private let allowsAllChannels: Bool

    /// Creates a new user, which may do nothing, except perhaps use all channels.
    init(_ vocabulary: AccessVocabulary, allowsAllChannels: Bool) {
        self.allowsAllChannels = allowsAllChannels
        selectors = [AccessSelector(vocabulary, allowsAllChannels: allowsAllChannels)]
    }

    /// Applies rules in order; if one is rejected, returns which.
    mutating func apply(
        _ rules: [[UInt8]],
        _ vocabulary: AccessVocabulary
    ) -> (rule: [UInt8], failure: RuleFailure)? {
        for rule in rules {
            do throws(RuleFailure) { try apply(rule, vocabulary) } catch { return (rule, error) }
        }
        return nil
    }

    /// Applies a rule; a selector in parentheses counts as one rule.
    mutating func apply(
        _ rule: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) {
        switch rule.first {
        case nil: return
        case UInt8(ascii: ">"):
            add(Array(rule.dropFirst()).withBytes { SHA256(of: $0) })
        case UInt8(ascii: "#"): add(try sum(rule.dropFirst()))
        case UInt8(ascii: "<"):
            try remove(Array(rule.dropFirst()).withBytes { SHA256(of: $0) })
        case UInt8(ascii: "!"): try remove(sum(rule.dropFirst()))
        case UInt8(ascii: "("): try addSelector(rule, vocabulary)
        default:
            if try applyWord(rule, vocabulary) { return }
            try selectors[0].apply(rule, vocabulary)
        }
    }

    private mutating func applyWord(
        _ rule: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) -> Bool {
        if rule.isWord("ON") {
            isOn = true
        } else if rule.isWord("OFF") {
            isOn = false
        } else if rule.isWord("NOPASS") {
            needsNoPassword = true
            sums = [:]
        } else if rule.isWord("RESETPASS") {
            needsNoPassword = false
            sums = [:]
        } else if rule.isWord("SANITIZE-PAYLOAD") {
            payloadRule = "sanitize-payload"
        } else if rule.isWord("SKIP-SANITIZE-PAYLOAD") {
            payloadRule = "skip-sanitize-payload"
        } else if rule.isWord("CLEARSELECTORS") {
            selectors.removeLast(selectors.count - 1)
        } else if rule.isWord("RESET") {
            self = UserRules(vocabulary, allowsAllChannels: allowsAllChannels)
            payloadRule = "sanitize-payload"
        } else {
            return false
        }
        return true
    }

    // MARK: Passwords

    private func sum(_ text: ArraySlice<UInt8>) throws(RuleFailure) -> SHA256 {
        guard let sum = SHA256(text: Array(text)) else { throw .passwordSum }
        return sum
    }

    private mutating func add(_ sum: SHA256) {
        needsNoPassword = false
        guard sums[sum] == nil else { return }
        sums[sum] = nextPlace
        nextPlace += 1
    }

    private mutating func remove(_ sum: SHA256) throws(RuleFailure) {
        guard sums.removeValue(forKey: sum) != nil else { throw .passwordMissing }
    }

    /// Whether `password` is one of the user's.
    func has(_ password: Bytes) -> Bool { sums[SHA256(of: password)] != nil }

    /// The digests of its passwords, in the order of addition.
    var passwords: [SHA256] { sums.sorted { $0.value < $1.value }.map(\.key) }

    // MARK: Selectors

    private mutating func addSelector(
        _ rule: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) {
        guard rule.count > 1, rule.last == UInt8(ascii: ")"),
            let inner = QuotedWords.split(Array(rule[1..<rule.count - 1]))
        else { throw .syntax }
        var selector = AccessSelector(vocabulary, allowsAllChannels: allowsAllChannels)
        for rule in inner { try selector.apply(rule, vocabulary) }
        selectors.append(selector)
    }

    /// Builds the indexes of the applied rules.
    mutating func settle() {
        for index in selectors.indices { selectors[index].settle() }
    }

    /// Splits rules, joining those in parentheses.
    ///
    /// If a parenthesis is not closed, fails with the word that opens it.
    static func joined(_ words: [[UInt8]]) -> Result<[[UInt8]], UnmatchedParenthesis> {
        var rules: [[UInt8]] = []
        var open: (word: [UInt8], rule: [UInt8])?
        for word in words {
            if let begun = open {
                open = (begun.word, begun.rule + [UInt8(ascii: " ")] + word)
            } else if word.first == UInt8(ascii: "("), word.last != UInt8(ascii: ")") {
                open = (word, word)
                continue
            } else {
                rules.append(word)
                continue
            }
            if word.last == UInt8(ascii: ")"), let begun = open {
                rules.append(begun.rule)
                open = nil
            }
        }
        if let open { return .failure(UnmatchedParenthesis(word: open.word)) }
        return .success(rules)
    }

    /// A selector without an end.
    struct UnmatchedParenthesis: Error {
        /// The word that starts it.
        let word: [UInt8]
    }

    // MARK: Describing

    /// The words that describe the kind of user.
    var flags: [StaticString] {
        var flags: [StaticString] = [isOn ? "on" : "off"]
        if needsNoPassword { flags.append("nopass") }
        if let payloadRule { flags.append(payloadRule) }
        return flags
    }

    /// All rules in one line, in the format of a file.
    var text: [UInt8] {
        var text: [UInt8] = []
        for flag in flags { text += Bytes(flag).array + [UInt8(ascii: " ")] }
        for sum in passwords { text += [UInt8(ascii: "#")] + sum.text + [UInt8(ascii: " ")] }
        text += selectors[0].text
        for selector in selectors.dropFirst() {
            text += Array(" (".utf8) + selector.text + Array(")".utf8)
        }
        return text
    }
}
