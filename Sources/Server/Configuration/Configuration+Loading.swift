internal import Glibc
internal import Wire

extension Configuration {
    /// How deeply files may include each other; Redis has no limit and crashes on a cycle.
    public static let includeDepthMax = 16

    /// Reads everything that the command line names: the file, standard input, then the options.
    ///
    /// - Throws: the first error; the configuration must then not be used.
    public mutating func load(_ arguments: LaunchArguments) throws(ConfigurationFailure) {
        if let path = arguments.path {
            self.path = absolute(path)
            try loadFile(path, depth: 0)
        }
        if arguments.readsStandardInput {
            let content: [UInt8]
            do throws(ConfigurationDisk.Failure) {
                content = try ConfigurationDisk.read(descriptor: STDIN_FILENO)
            } catch {
                throw .unreadable(path: "-", reason: error.reason)
            }
            try load(content, from: .standardInput, depth: 0)
        }
        for (index, bytes) in arguments.lines.enumerated() {
            let line = ConfigurationLine(source: .commandLine, number: index + 1, bytes: bytes)
            try load(line, depth: 0)
        }
        try checkWhole()
    }

    /// Reads the lines of one text.
    mutating func load(
        _ content: [UInt8],
        from source: ConfigurationLine.Source,
        depth: Int
    ) throws(ConfigurationFailure) {
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            let trimmed = ConfigurationLine.trimmed(Array(bytes))
            let line = ConfigurationLine(source: source, number: index + 1, bytes: trimmed)
            try load(line, depth: depth)
        }
    }

    private mutating func loadFile(_ path: String, depth: Int) throws(ConfigurationFailure) {
        let content: [UInt8]
        do throws(ConfigurationDisk.Failure) { content = try ConfigurationDisk.read(path) } catch {
            throw .unreadable(path: absolute(path), reason: error.reason)
        }
        try load(content, from: .file(path), depth: depth)
    }

    private mutating func load(
        _ line: ConfigurationLine,
        depth: Int
    ) throws(ConfigurationFailure) {
        guard let first = line.bytes.first, first != UInt8(ascii: "#") else { return }
        guard let words = QuotedWords.split(line.bytes) else {
            throw line.failure("Unbalanced quotes in configuration line")
        }
        guard let first = words.first else { return }
        let name = String(decoding: first, as: UTF8.self).lowercased()
        if let row = ConfigurationTable.rowOfName[name] {
            do throws(DirectiveRefusal) {
                try load(Array(words.dropFirst()), to: row)
            } catch {
                throw line.failure(error.reason)
            }
        } else {
            try loadOther(name, words, line, depth: depth)
        }
    }

    private mutating func load(_ words: [[UInt8]], to row: Int) throws(DirectiveRefusal) {
        let directive = ConfigurationTable.directives[row]
        var words = words
        if directive.kind.takesSeveralWords, words.count == 1 {
            words = Self.splitAtSpaces(words[0])
        } else if case .savePoints = directive.kind, words.isEmpty {
            // `save` without words adds nothing, while `save ""` removes all save points.
            if !hasLoadedSavePoints { values[row] = .savePoints([]) }
            hasLoadedSavePoints = true
            return
        }
        let value = try directive.kind.value(
            of: words,
            for: directive.name,
            current: builtOn(row)
        )
        if case .savePoints = value { hasLoadedSavePoints = true }
        values[row] = try directive.settled(value, standard: standards[row])
        if case .text(.directory) = directive.kind {
            try surroundings.enterDirectory(value.text)
            noteWorkingDirectory()
        }
        note(directive)
    }

    /// The value that a repeated directive extends.
    ///
    /// The first `save` replaces the default.
    private func builtOn(_ row: Int) -> ConfigurationValue? {
        switch values[row] {
        case .bufferLimits: values[row]
        case .savePoints: hasLoadedSavePoints ? values[row] : nil
        case .flag, .integer, .octal, .memory, .percent, .choice, .choices, .text, .words,
            .percentiles, .integers:
            nil
        }
    }

    /// Records a directive that has no effect yet.
    mutating func note(_ directive: Directive) {
        guard !directive.isInEffect, !notInEffect.contains(directive.name) else { return }
        notInEffect.append(directive.name)
    }

    /// Handles lines that set no value.
    private mutating func loadOther(
        _ name: String,
        _ words: [[UInt8]],
        _ line: ConfigurationLine,
        depth: Int
    ) throws(ConfigurationFailure) {
        switch (name, words.count) {
        case ("include", 2):
            try include(String(decoding: words[1], as: UTF8.self), line, depth: depth + 1)
        case ("rename-command", 3):
            do throws(DirectiveRefusal) { try renames.rename(words[1], to: words[2]) } catch {
                throw line.failure(error.reason)
            }
        case ("user", 2...): userLines.append((line, words))
        case ("loadmodule", 2...):
            throw line.failure(DirectiveRefusal.unguarded(name).reason)
        case ("list-max-ziplist-entries", 2), ("list-max-ziplist-value", 2):
            break  // Obsolete, but still present in old files.
        case ("sentinel", _):
            throw line.failure("sentinel directive while not in sentinel mode")
        default:
            throw line.failure("Bad directive or wrong number of arguments")
        }
    }

    /// Reads the files that match `pattern`; there may be none only if it has wildcards.
    private mutating func include(
        _ pattern: String,
        _ line: ConfigurationLine,
        depth: Int
    ) throws(ConfigurationFailure) {
        guard depth <= Self.includeDepthMax else {
            throw line.failure("Files include each other too deeply")
        }
        guard pattern.contains(where: "*?[".contains) else {
            return try loadFile(pattern, depth: depth)
        }
        for path in ConfigurationDisk.paths(matching: pattern) {
            try loadFile(path, depth: depth)
        }
    }

    /// Checks what can only be checked after all lines.
    private mutating func checkWhole() throws(ConfigurationFailure) {
        try makeUsers()
        let path = value("logfile").text
        guard !path.isEmpty else { return }
        do throws(ConfigurationDisk.Failure) { try ConfigurationDisk.checkAppendable(path) } catch {
            throw .whole("Can't open the log file: \(error.reason)")
        }
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(surroundings.workingDirectory())/\(path)"
    }
}
