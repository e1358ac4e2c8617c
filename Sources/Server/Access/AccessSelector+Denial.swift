internal import Commands
internal import Primitives
internal import Wire

/// The reason why a user may not make a request.
struct AccessDenial {
    /// What is denied; later cases mean that the request came closer to being allowed.
    enum Reason: Int {
        case command
        case key
        case channel
        case database
    }

    let reason: Reason
    /// The index of the word concerned; 0 if there is none.
    let word: Int

    /// Whether it came closer to being allowed than `other`.
    func tellsMore(than other: AccessDenial) -> Bool {
        reason == other.reason ? word > other.word : reason.rawValue > other.reason.rawValue
    }
}

/// Checks requests.
extension AccessSelector {
    /// Why a request for the command in `row` may not run in `database`; nil if it may.
    func denial(
        _ row: Int,
        _ facts: CommandFacts,
        _ arguments: Arguments,
        database: Int
    ) -> AccessDenial? {
        guard allows(row, facts, arguments) else { return AccessDenial(reason: .command, word: 0) }
        if let databases, let word = word(outside: databases, facts, arguments, database) {
            return AccessDenial(reason: .database, word: word)
        }
        if !allowsAllKeys, let word = deniedKey(facts, arguments) {
            return AccessDenial(reason: .key, word: word)
        }
        if !allowsAllChannels, let word = deniedChannel(facts, arguments) {
            return AccessDenial(reason: .channel, word: word)
        }
        return nil
    }

    private func allows(_ row: Int, _ facts: CommandFacts, _ arguments: Arguments) -> Bool {
        // A user who could not authenticate could never become another one.
        if commands[row] || facts.flags.contains(.noAuth) { return true }
        guard !firstWords.isEmpty, let words = firstWords[row], arguments.count > 1 else {
            return false
        }
        return words.contains(arguments[1].array.lowercased)
    }

    // MARK: Keys

    private func deniedKey(_ facts: CommandFacts, _ arguments: Arguments) -> Int? {
        guard !facts.keys.isEmpty else { return nil }
        var denied: Int?
        // A request with unknown keys is invalid, and changes nothing.
        try? KeyFinder.forEachUse(facts, arguments) { index, use in
            guard denied == nil, !allows(arguments[index], use) else { return }
            denied = index
        }
        return denied
    }

    private func allows(_ key: Bytes, _ use: KeySpec.Use) -> Bool {
        var rights: AccessPatterns.Rights = []
        if use.contains(.access) { rights.insert(.read) }
        if !use.isDisjoint(with: [.insert, .delete, .update]) { rights.insert(.write) }
        return keys.allow(key, rights)
    }

    // MARK: Channels

    private func deniedChannel(_ facts: CommandFacts, _ arguments: Arguments) -> Int? {
        switch facts.channels {
        case nil: nil
        case .publish(let index):
            allows(channel: arguments[index], isPattern: false) ? nil : index
        case .subscribe(let start):
            (start..<arguments.count).first { !allows(channel: arguments[$0], isPattern: false) }
        case .subscribePatterns(let start):
            (start..<arguments.count).first { !allows(channel: arguments[$0], isPattern: true) }
        }
    }

    /// Whether a channel may be used; a pattern must be listed literally.
    func allows(channel: Bytes, isPattern: Bool) -> Bool {
        allowsAllChannels
            || (isPattern ? channels.contains(channel) : channels.allow(channel, []))
    }

    // MARK: Databases

    private func word(
        outside allowed: [Int],
        _ facts: CommandFacts,
        _ arguments: Arguments,
        _ current: Int
    ) -> Int? {
        let usesCurrent = !facts.flags.isDisjoint(with: [.write, .readonly])
        switch facts.databases {
        case .all: return 0
        case .words(let words):
            if let word = words.first(where: { !names(allowed, arguments, $0) }) { return word }
        case .option(let keyword, let start):
            let words = start..<max(start, arguments.count)
            let place = words.first { arguments[$0].isWord(keyword) }
            if let place, place + 1 < arguments.count, !names(allowed, arguments, place + 1) {
                return place + 1
            }
        case nil: break
        }
        return usesCurrent && !allowed.contains(current) ? 0 : nil
    }

    /// Whether a word is the index of an allowed database, or not an index at all.
    private func names(_ allowed: [Int], _ arguments: Arguments, _ index: Int) -> Bool {
        guard index < arguments.count, let number = DecimalText.integer(arguments[index]) else {
            return true
        }
        return allowed.contains { Int64($0) == number }
    }
}
