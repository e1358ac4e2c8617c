internal import Commands

/// The server's configuration: one value per row of `ConfigurationTable`.
///
/// A value type owned by the control plane: CONFIG SET changes a copy, applies it, and keeps either
/// the whole copy or none of it. Workers never see it; they get `Options`.
///
/// ## Invariants
/// - `values` and `standards` have one value per row, each of its row's kind.
public struct Configuration: Sendable {
    /// Applies a change; throws if it cannot.
    ///
    /// It is called again with the previous configuration if a later action fails.
    public typealias Action = @Sendable (Configuration) throws(DirectiveRefusal) -> Void

    /// The absolute path of the file that the server was started with, if any.
    public internal(set) var path: String?
    /// Directives that were given but have no effect yet, in order.
    public internal(set) var notInEffect: [String] = []
    /// The renames from `rename-command` lines.
    var renames = CommandRenames()
    /// The users from `user` lines.
    private(set) var users: [User] = []
    /// The `user` lines, until all lines have been read.
    var userLines: [(line: ConfigurationLine, words: [[UInt8]])] = []

    var values: [ConfigurationValue]
    let standards: [ConfigurationValue]
    var hasLoadedSavePoints = false
    let surroundings: ConfigurationSurroundings
    private var actions: [(rows: Set<Int>, action: Action)] = []

    /// Creates a configuration with every directive at its default.
    public init(surroundings: ConfigurationSurroundings = .process) {
        self.surroundings = surroundings
        var standards = ConfigurationTable.standards
        standards[ConfigurationTable.row("threads")] = .integer(Int64(surroundings.processorCount))
        self.standards = standards
        values = standards
        noteWorkingDirectory()
        whenChanged(["dir"], Self.enterDirectory)
    }

    private static func enterDirectory(
        _ configuration: Configuration
    ) throws(DirectiveRefusal) {
        try configuration.surroundings.enterDirectory(configuration.value("dir").text)
    }

    /// The value of a directive that is known to exist, by name or alias.
    public func value(_ name: String) -> ConfigurationValue {
        values[ConfigurationTable.row(name)]
    }

    /// Registers the action that applies changes of any of `names`.
    ///
    /// It runs once per CONFIG SET, after all values have been parsed and only if one of them
    /// changed.
    public mutating func whenChanged(_ names: [String], _ action: @escaping Action) {
        actions.append((Set(names.map(ConfigurationTable.row)), action))
    }

    /// Sets a directive to what the system allowed.
    mutating func settle(_ name: String, at value: ConfigurationValue) {
        values[ConfigurationTable.row(name)] = value
    }

    mutating func noteWorkingDirectory() {
        values[ConfigurationTable.row("dir")] = .text(
            Array(surroundings.workingDirectory().utf8)
        )
    }
}

// MARK: - Users

extension Configuration {
    /// Creates the users from `user` lines.
    mutating func makeUsers() throws(ConfigurationFailure) {
        guard !userLines.isEmpty else { return }
        let rows = CommandFamilies.data.joined().map(\.facts)
        let vocabulary = AccessVocabulary(
            CommandTable(rows + CommandFamilies.admin.joined().map(\.facts))
        )
        var names: Set<[UInt8]> = []
        for (line, words) in userLines {
            func failure(_ word: [UInt8], _ failure: RuleFailure) -> ConfigurationFailure {
                let word = String(decoding: word, as: UTF8.self)
                return line.failure("Error in user declaration '\(word)': \(failure.text)")
            }
            guard !words[1].hasSpaces else { throw failure(words[1], .syntax) }
            guard names.insert(words[1]).inserted else { throw failure(words[1], .userTwice) }
            guard case .success(let list) = UserRules.joined(Array(words.dropFirst(2))) else {
                throw failure(words[1], .syntax)
            }
            let allowsAll = value("acl-pubsub-default") == .choice("allchannels")
            var rules = UserRules(vocabulary, allowsAllChannels: allowsAll)
            if let refused = rules.apply(list, vocabulary) {
                throw failure(refused.rule, refused.failure)
            }
            users.append(User(words[1], rules))
        }
        userLines = []
    }
}

// MARK: - CONFIG GET

extension Configuration {
    /// The directives that match any of `patterns`, each once.
    ///
    /// A name without wildcards also finds hidden directives, and is returned as spelled in the
    /// request.
    public func get(_ patterns: [String]) -> [(name: String, value: [UInt8])] {
        var found: [(name: String, value: [UInt8])] = []
        var seen: Set<String> = []
        for pattern in patterns {
            let lowered = pattern.lowercased()
            guard pattern.contains(where: "*?[".contains) else {
                if let row = ConfigurationTable.rowOfName[lowered], seen.insert(lowered).inserted {
                    found.append((pattern, values[row].bytes))
                }
                continue
            }
            for (name, row) in ConfigurationTable.names
            where DirectiveNamePattern.matches(lowered, name) && !isHidden(row) {
                if seen.insert(name).inserted { found.append((name, values[row].bytes)) }
            }
        }
        return found
    }

    private func isHidden(_ row: Int) -> Bool {
        ConfigurationTable.directives[row].traits.contains(.hidden)
    }
}

// MARK: - CONFIG SET

/// Why CONFIG SET or CONFIG REWRITE did nothing, as the error sent to the client.
public struct ConfigurationError: Error, Equatable {
    /// The reply, including its code, without the leading hyphen.
    public let message: String

    static func unknown(_ name: String) -> ConfigurationError {
        // By scalars: a carriage return and a newline become two spaces, not one.
        let scalars = name.unicodeScalars.map { "\r\n".unicodeScalars.contains($0) ? " " : $0 }
        let oneLine = String(String.UnicodeScalarView(scalars))
        return ConfigurationError(
            message: "ERR Unknown option or number of arguments for CONFIG SET - '\(oneLine)'"
        )
    }

    static func refused(_ name: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(
            message: "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
        )
    }
}

extension Configuration {
    /// Sets all of `changes` or none.
    ///
    /// - Parameters:
    ///   - changes: names in any spelling, each with its value as a single text.
    ///   - isLocal: whether the client is on this machine, as `local` permissions require.
    public mutating func set(
        _ changes: [(name: String, value: [UInt8])],
        isLocal: Bool = true
    ) throws(ConfigurationError) {
        let rows = try checkedRows(changes, isLocal: isLocal)
        var next = self
        for (row, change) in zip(rows, changes) {
            do throws(DirectiveRefusal) {
                try next.assign(change.value, to: row)
            } catch {
                throw .refused(change.name.lowercased(), error.reason)
            }
        }
        try next.takePlace(of: self, changes.map { $0.name.lowercased() }, rows)
        for row in rows { next.note(ConfigurationTable.directives[row]) }
        // Record the directory as the system names it, not as it was given.
        next.noteWorkingDirectory()
        self = next
    }

    /// The rows named in `changes`, if each may be changed, and by this client.
    private func checkedRows(
        _ changes: [(name: String, value: [UInt8])],
        isLocal: Bool
    ) throws(ConfigurationError) -> [Int] {
        var rows: [Int] = []
        var names: Set<String> = []
        for change in changes {
            let name = change.name.lowercased()
            guard let row = ConfigurationTable.rowOfName[name] else {
                throw .unknown(change.name)
            }
            let directive = ConfigurationTable.directives[row]
            guard directive.isMutable else {
                throw .refused(change.name, "can't set immutable config")
            }
            guard !directive.traits.contains(.protected) || mayChangeProtected(isLocal) else {
                throw .refused(change.name, "can't set protected config")
            }
            guard names.insert(name).inserted else {
                throw .refused(change.name, "duplicate parameter")
            }
            rows.append(row)
        }
        return rows
    }

    private func mayChangeProtected(_ isLocal: Bool) -> Bool {
        switch value("enable-protected-configs") {
        case .choice("yes"): true
        case .choice("local"): isLocal
        default: false
        }
    }

    private mutating func assign(_ text: [UInt8], to row: Int) throws(DirectiveRefusal) {
        let directive = ConfigurationTable.directives[row]
        let words = directive.kind.takesSeveralWords ? Self.splitAtSpaces(text) : [text]
        var current: ConfigurationValue?
        if case .bufferLimits = values[row] { current = values[row] }
        let value = try directive.kind.value(of: words, for: directive.name, current: current)
        values[row] = try directive.settled(value, standard: standards[row])
    }

    /// The words between single spaces; two spaces enclose an empty word, as in Redis.
    static func splitAtSpaces(_ text: [UInt8]) -> [[UInt8]] {
        guard !text.isEmpty else { return [] }
        return text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map(Array.init)
    }

    /// Runs the actions of all changes; if one fails, runs them again to revert to `former`.
    private func takePlace(
        of former: Configuration,
        _ names: [String],
        _ rows: [Int]
    ) throws(ConfigurationError) {
        var done: [Action] = []
        for (name, row) in zip(names, rows) where values[row] != former.values[row] {
            do throws(DirectiveRefusal) {
                // An action is run for the first of its rows that changed, so that it runs once.
                for entry in actions where rows.first(where: entry.rows.contains) == row {
                    done.append(entry.action)
                    try entry.action(self)
                }
            } catch {
                for action in done { try? action(former) }
                throw .refused(name, error.reason)
            }
        }
    }
}

extension Directive {
    /// `value`, clamped to the bounds that Redis enforces silently.
    ///
    /// Throws: if it asks for a protection that does not work yet.
    func settled(
        _ value: ConfigurationValue,
        standard: ConfigurationValue
    ) throws(DirectiveRefusal) -> ConfigurationValue {
        if traits.contains(.guarding), value != standard { throw .unguarded(name) }
        switch (name, value) {
        case ("hz", .integer(let count)): return .integer(min(max(count, 1), 500))
        case ("watchdog-period", .integer(let period)) where period > 0:
            return .integer(max(period, 200))
        case ("repl-backlog-size", .memory(let byteCount)): return .memory(max(byteCount, 16 << 10))
        default: return value
        }
    }
}
