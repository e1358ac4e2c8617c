internal import Commands
internal import Primitives

/// One set of rules: commands, keys, channels and databases that belong together.
///
/// A user may make a request that one of its selectors allows as a whole.
struct AccessSelector: Sendable {
    /// The commands that may be run.
    private(set) var commands: CommandSet
    /// By row, the first arguments, in lower case, with which other commands may be run.
    private(set) var firstWords: [Int: Set<[UInt8]>] = [:]
    private var rules = CommandRules()
    private(set) var keys = AccessPatterns()
    private(set) var allowsAllKeys = false
    private(set) var channels = AccessPatterns()
    private(set) var allowsAllChannels: Bool
    /// The indices of the databases that may be used, in order; nil for all of them.
    private(set) var databases: [Int]?

    /// Creates a selector that allows nothing, except perhaps all channels.
    init(_ vocabulary: AccessVocabulary, allowsAllChannels: Bool) {
        commands = CommandSet(rowCount: vocabulary.table.facts.count)
        self.allowsAllChannels = allowsAllChannels
    }

    /// Whether it allows everything.
    var isUnrestricted: Bool {
        commands.isFull && allowsAllKeys && allowsAllChannels && databases == nil
    }

    /// Whether every key may be read.
    var allowsReadingAllKeys: Bool {
        let all = [UInt8(ascii: "*")]
        return allowsAllKeys
            || keys.list.contains { $0.text == all && $0.rights.contains(.read) }
    }

    // MARK: Rules

    /// Applies a rule such as `+get`, `-@admin`, `~user:*`, `%R~log`, `&news`, `db=1,2`.
    mutating func apply(
        _ rule: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) {
        switch rule.first {
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            try applyCommandRule(rule, vocabulary)
        case UInt8(ascii: "~"), UInt8(ascii: "%"): try applyKeyRule(rule)
        case UInt8(ascii: "&"): try applyChannelRule(rule)
        default: try applyWord(rule, vocabulary)
        }
    }

    private mutating func applyWord(
        _ rule: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) {
        if rule.isWord("ALLKEYS") {
            allowAllKeys()
        } else if rule.isWord("RESETKEYS") {
            allowsAllKeys = false
            keys.removeAll()
        } else if rule.isWord("ALLCHANNELS") {
            allowAllChannels()
        } else if rule.isWord("RESETCHANNELS") {
            allowsAllChannels = false
            channels.removeAll()
        } else if rule.isWord("ALLCOMMANDS") {
            startOver(fromAll: true, vocabulary)
        } else if rule.isWord("NOCOMMANDS") {
            startOver(fromAll: false, vocabulary)
        } else if rule.isWord("ALLDBS") {
            databases = nil
        } else if rule.isWord("RESETDBS") {
            databases = []
        } else {
            try applyDatabaseRule(rule)
        }
    }

    private mutating func allowAllKeys() {
        allowsAllKeys = true
        keys.removeAll()
    }

    private mutating func allowAllChannels() {
        allowsAllChannels = true
        channels.removeAll()
    }

    private mutating func startOver(fromAll: Bool, _ vocabulary: AccessVocabulary) {
        commands = CommandSet(rowCount: vocabulary.table.facts.count, isFull: fromAll)
        firstWords = [:]
        rules.startOver(fromAll: fromAll)
    }

    private mutating func applyKeyRule(_ rule: [UInt8]) throws(RuleFailure) {
        if rule == Array("~*".utf8) { return allowAllKeys() }
        guard !allowsAllKeys else { throw .keyIncluded }
        var rights: AccessPatterns.Rights = []
        var start = 1
        if rule[0] == UInt8(ascii: "~") {
            rights = .all
        } else {
            guard let tilde = rule.firstIndex(of: UInt8(ascii: "~")) else { throw .syntax }
            for letter in rule[1..<tilde].map({ $0 & 0xDF }) {
                let right: AccessPatterns.Rights =
                    letter == UInt8(ascii: "R")
                    ? .read : letter == UInt8(ascii: "W") ? .write : []
                guard !right.isEmpty, rights.isDisjoint(with: right) else { throw .syntax }
                rights.formUnion(right)
            }
            guard !rights.isEmpty else { throw .syntax }
            start = tilde + 1
        }
        let pattern = Array(rule[start...])
        guard !pattern.hasSpaces else { throw .syntax }
        keys.add(pattern, rights)
    }

    private mutating func applyChannelRule(_ rule: [UInt8]) throws(RuleFailure) {
        if rule == Array("&*".utf8) { return allowAllChannels() }
        guard !allowsAllChannels else { throw .channelIncluded }
        let pattern = Array(rule[1...])
        guard !pattern.hasSpaces else { throw .syntax }
        channels.add(pattern, .all)
    }

    private mutating func applyDatabaseRule(_ rule: [UInt8]) throws(RuleFailure) {
        guard rule.count > 3, Array(rule[..<3]).isWord("DB=") else { throw .syntax }
        var numbers: Set<Int> = []
        let parts = rule[3...].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        for part in parts {
            let number = Array(part).withBytes { DecimalText.integer($0) }
            guard let number, number >= 0, number <= Int64(Int32.max) else { throw .syntax }
            numbers.insert(Int(number))
        }
        databases = numbers.sorted()
    }

    // MARK: Rules about commands

    private mutating func applyCommandRule(
        _ rule: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) {
        let isAllowed = rule[0] == UInt8(ascii: "+")
        let name = Array(rule.dropFirst()).lowercased
        if name.first == UInt8(ascii: "@") {
            if name.isWord("@ALL") { return startOver(fromAll: isAllowed, vocabulary) }
            guard let rows = vocabulary.category(Array(name.dropFirst())) else {
                throw .unknownCommand
            }
            for row in rows { set(row, isAllowed, vocabulary) }
        } else if let row = vocabulary.row(name) {
            set(row, isAllowed, vocabulary)
        } else {
            guard isAllowed else { throw .unknownCommand }
            try allowFirstWord(name, vocabulary)
        }
        rules.add(name, isAllowed: isAllowed)
    }

    private mutating func set(_ row: Int, _ isAllowed: Bool, _ vocabulary: AccessVocabulary) {
        for member in vocabulary.family(row) {
            commands[member] = isAllowed
            firstWords[member] = nil
        }
    }

    /// Allows a command with one particular first argument: `select|0`.
    private mutating func allowFirstWord(
        _ name: [UInt8],
        _ vocabulary: AccessVocabulary
    ) throws(RuleFailure) {
        guard let bar = name.lastIndex(of: UInt8(ascii: "|")),
            let row = vocabulary.row(Array(name[..<bar]))
        else { throw .unknownCommand }
        guard !name[..<bar].contains(UInt8(ascii: "|")) else { throw .wordOfSubcommand }
        guard bar + 1 < name.count else { throw .syntax }
        guard vocabulary.table.subcommands[row] == nil else { throw .unknownCommand }
        firstWords[row, default: []].insert(Array(name[(bar + 1)...]))
    }

    /// Builds the indexes of the applied rules.
    mutating func settle() {
        keys.settle()
        channels.settle()
    }

    // MARK: Describing

    /// The rules about commands.
    var commandText: [UInt8] { rules.text }

    /// The rules about keys.
    var keyText: [UInt8] {
        if allowsAllKeys { return Array("~*".utf8) }
        return [UInt8](
            keys.list.map { pattern -> [UInt8] in
                let prefix =
                    pattern.rights == .all ? "~" : pattern.rights == .read ? "%R~" : "%W~"
                return Array(prefix.utf8) + pattern.text
            }.joined(separator: [UInt8(ascii: " ")])
        )
    }

    /// The rules about channels.
    var channelText: [UInt8] {
        if allowsAllChannels { return Array("&*".utf8) }
        return [UInt8](
            channels.list.map { [UInt8(ascii: "&")] + $0.text }
                .joined(separator: [UInt8(ascii: " ")])
        )
    }

    /// The rules about databases.
    var databaseText: [UInt8] {
        guard let databases else { return Array("alldbs".utf8) }
        guard !databases.isEmpty else { return Array("resetdbs".utf8) }
        return Array(("db=" + databases.map(String.init).joined(separator: ",")).utf8)
    }

    /// All rules, in the format of a file.
    var text: [UInt8] {
        var parts = [keyText]
        if !allowsAllChannels { parts.append(Array("resetchannels".utf8)) }
        parts.append(channelText)
        if databases != nil { parts.append(databaseText) }
        parts.append(commandText)
        return [UInt8](parts.filter { !$0.isEmpty }.joined(separator: [UInt8(ascii: " ")]))
    }
}

extension [UInt8] {
    /// Whether the bytes contain a space, or a zero that would end a text in C.
    var hasSpaces: Bool { contains { $0 == 0 || $0 == 0x20 || (0x09...0x0D).contains($0) } }
}
