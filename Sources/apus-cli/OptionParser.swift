internal import Remote
internal import TLS
internal import Wire

/// Parses the command line by redis-cli's rules: options end at the first word that is not one.
struct OptionParser {
    /// Why the program ends before doing anything.
    enum Fault: Error, Equatable {
        /// An unknown option, or one without its argument.
        case invalid(String)
        /// Another reason, in words.
        case refused(String)
        case unsupported(String)
        /// A word of the command is not a valid quoted string.
        case badQuotes
        case help
        case version
    }

    private var words: ArraySlice<[UInt8]>
    private var options: Options
    private var isRESP2 = false
    private var isRESP3 = false
    private var isJSON = false
    /// The options that only `--from-hstore` and `--to-hstore` have, with their values.
    private var bridgeOptions: [String] = []
    /// The word after `--key`: a file for TLS, or a column for apus-hstore.
    private var keyWord: String?

    /// Messages for the user that do not stop the program.
    private var warnings: [String] = []

    /// The options in `arguments`, without the program's name, and the warnings.
    static func parse(
        _ arguments: [[UInt8]],
        isTerminal: Bool,
        environment: (String) -> String?
    ) throws(Fault) -> (Options, warnings: [String]) {
        // FAKETTY requests the output for terminals, whatever standard output is.
        var parser = OptionParser(arguments, isTerminal || environment("FAKETTY") != nil)
        parser.options.password =
            (environment("APUSCLI_AUTH") ?? environment("REDISCLI_AUTH"))?
            .bytes
        while let word = parser.words.first, word.first == UInt8(ascii: "-") {
            parser.words.removeFirst()
            try parser.take(word.text)
        }
        parser.options.command = Array(parser.words)
        try parser.finish()
        return (parser.options, parser.warnings)
    }

    private init(_ arguments: [[UInt8]], _ isTerminal: Bool) {
        words = arguments[...]
        options = Options()
        options.format = isTerminal ? .readable : .raw
        options.showsPushes = isTerminal
    }

    private mutating func take(_ option: String) throws(Fault) {
        if takeSwitch(option) || takeMode(option) || options.tls.take(option) { return }
        switch option {
        case "--key": keyWord = try word(option).text
        case _ where TLSOptions.takesWord(option): options.tls.take(option, try word(option).text)
        case "--help": throw .help
        case "--version", "-v": throw .version
        case "-h":
            guard !words.isEmpty else { throw .help }
            options.host = try word(option).text
        case "-s": options.socketPath = try word(option).text
        case "-a", "--pass":
            options.password = try word(option)
            options.isPasswordShown = true
        case "--user": options.user = try word(option)
        case "-u": try takeURI(word(option).text)
        case "-X": try read(.tag(word(option)))
        case "-x": try read(.input)
        case "-d": options.elementDelimiter = try word(option)
        case "-D": options.replyDelimiter = try word(option)
        case "--pattern": options.pattern = try word(option)
        case "--eval": options.scriptPath = try word(option).text
        case "--quoted-pattern":
            guard let words = QuotedWords.split(try word(option)), words.count == 1 else {
                throw .refused("Invalid quoted string specified for --quoted-pattern.")
            }
            options.pattern = words[0]
        case "--show-pushes": try takeShowPushes(word(option).text)
        case "--from-hstore": options.bridge = ["from", try word(option).text]
        case "--to-hstore": options.bridge = ["to", try word(option).text]
        case "--table", "--column", "--prefix", "--state", "--batch":
            bridgeOptions += [option, try word(option).text]
        default: try takeNumber(option)
        }
    }

    private mutating func takeNumber(_ option: String) throws(Fault) {
        switch option {
        case "-p": options.port = try integer(option)
        case "-n": options.database = try integer(option)
        case "-r": options.repeats = try integer(option)
        case "-i": options.intervalSeconds = LeadingNumber.decimal(try word(option).text)
        case "-t":
            let seconds = LeadingNumber.decimal(try word(option).text)
            guard seconds > 0, seconds < 1e6 else {
                throw .refused("Invalid connection timeout for -t.")
            }
            options.connectSeconds = seconds
        case "--count": options.scanCount = try integer(option)
        case "--pipe-timeout": options.pipeTimeoutSeconds = try integer(option)
        case "--memkeys-samples":
            options.memorySamples = try integer(option)
            choose(.memoryKeys)
        case "--intrinsic-latency":
            options.latencySeconds = try integer(option)
            choose(.intrinsicLatency)
        default: try refuse(option)
        }
    }

    private mutating func takeSwitch(_ option: String) -> Bool {
        switch option {
        case "-2": isRESP2 = true
        case "-3": isRESP3 = true
        case "-c": options.followsRedirections = true
        case "-e": options.failsOnError = true
        case "--raw": options.format = .raw
        case "--no-raw": options.format = .readable
        case "--csv": options.format = .csv
        case "--json": takeJSON(.json)
        case "--quoted-json": takeJSON(.quotedJSON)
        case "--quoted-input": options.isInputQuoted = true
        case "--askpass": options.asksForPassword = true
        case "--no-auth-warning": options.warnsAboutPassword = false
        // Some of redis-cli's modes print more with it; here there is nothing more to print.
        case "--verbose": break
        default: return false
        }
        return true
    }

    private mutating func takeMode(_ option: String) -> Bool {
        switch option {
        case "--pipe": choose(.pipe)
        case "--scan": choose(.scan)
        case "--stat": choose(.statistics)
        case "--latency": choose(.latency)
        case "--latency-history": choose(.latencyHistory)
        case "--latency-dist": choose(.latencyDistribution)
        case "--bigkeys": choose(.bigKeys)
        case "--memkeys": choose(.memoryKeys)
        case "--hotkeys": choose(.hotKeys)
        default: return false
        }
        return true
    }

    private mutating func takeJSON(_ format: Options.Format) {
        options.format = format
        isJSON = true
    }

    private mutating func choose(_ mode: Options.Mode) { options.mode = min(options.mode, mode) }

    private func refuse(_ option: String) throws(Fault) {
        switch option {
        case "--ldb", "--ldb-sync-mode", "--cluster", "--replica", "--slave", "--rdb",
            "--functions-rdb", "--lru-test":
            throw .unsupported(option)
        default:
            throw .invalid(option)
        }
    }

    private mutating func finish() throws(Fault) {
        if options.bridge != nil {
            options.bridge? += bridgeOptions + ["--key", keyWord ?? ""]
        } else if let option = bridgeOptions.first {
            throw .refused("\(option) needs --from-hstore or --to-hstore.")
        } else if let keyWord {
            options.tls.take("--key", keyWord)
        }
        if isRESP2, isRESP3 { throw .refused("Options -2 and -3 are mutually exclusive.") }
        options.protocolVersion = isRESP2 ? 2 : isRESP3 || isJSON ? 3 : nil
        if options.isInputQuoted {
            for index in options.command.indices {
                guard let words = QuotedWords.split(options.command[index]), words.count == 1
                else { throw .badQuotes }
                options.command[index] = words[0]
            }
        }
        if options.isPasswordShown, options.warnsAboutPassword {
            warnings.append(
                "Warning: Using a password with '-a' or '-u' option "
                    + "on the command line interface may not be safe."
            )
        }
    }

    private mutating func read(_ source: Options.LastWordSource) throws(Fault) {
        let isOther =
            switch (options.lastWordSource, source) {
            case (.none, _), (.input, .input), (.tag, .tag): false
            default: true
            }
        if isOther { throw .refused("Options -x and -X are mutually exclusive.") }
        options.lastWordSource = source
    }

    private mutating func takeShowPushes(_ word: String) throws(Fault) {
        switch word.lowercased().first {
        case "y": options.showsPushes = true
        case "n": options.showsPushes = false
        default:
            warnings.append("Unknown --show-pushes value '\(word)' (valid: '[y]es', '[n]o')")
        }
    }

    private mutating func takeURI(_ text: String) throws(Fault) {
        let uri: ServerURI
        do {
            uri = try ServerURI(text)
        } catch {
            throw .refused(Self.reason(error))
        }
        if uri.isEncrypted { options.tls.isOn = true }
        options.host = uri.host ?? options.host
        options.port = uri.port ?? options.port
        options.database = uri.database ?? options.database
        options.user = uri.user ?? options.user
        if let password = uri.password {
            options.password = password
            options.isPasswordShown = true
        }
    }

    private static func reason(_ fault: ServerURI.Fault) -> String {
        switch fault {
        case .scheme: "Invalid URI scheme"
        case .escape: "Illegal character in URI encoding"
        case .incompleteEscape: "Incomplete URI encoding"
        case .port: "Invalid port in URI"
        case .database: "Invalid database number in URI"
        }
    }

    private mutating func word(_ option: String) throws(Fault) -> [UInt8] {
        guard let word = words.popFirst() else { throw .invalid(option) }
        return word
    }

    private mutating func integer(_ option: String) throws(Fault) -> Int {
        LeadingNumber.integer(try word(option).text)
    }
}

/// Numbers at the start of a text, 0 if there is none, as parsed by C's atoi and atof.
enum LeadingNumber {
    static func integer(_ text: String) -> Int {
        let trimmed = text.drop { $0 == " " }
        let sign = trimmed.prefix { $0 == "-" || $0 == "+" }
        let digits = trimmed.dropFirst(sign.count).prefix { ("0"..."9").contains($0) }
        return sign.count > 1 ? 0 : Int(sign + digits) ?? 0
    }

    static func decimal(_ text: String) -> Double {
        let trimmed = text.drop { $0 == " " }
        for count in stride(from: trimmed.count, to: 0, by: -1) {
            if let number = Double(trimmed.prefix(count)) { return number }
        }
        return 0
    }
}
