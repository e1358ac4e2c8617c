internal import Remote

/// Parses the command line.
struct OptionParser {
    /// Why the program cannot run.
    enum Fault: Error, Equatable {
        /// An unknown option, or one without its argument.
        case invalid(String)
        /// An argument that is invalid for the option.
        case badArgument(option: String, argument: String)
        case unsupported(String)
        case conflict(String)
        case help
        case version
    }

    private var words: ArraySlice<String>
    private var options = Options()

    /// The options in `arguments`, which do not include the program's name.
    static func parse(_ arguments: [String]) throws(Fault) -> Options {
        var parser = OptionParser(words: arguments[...])
        while let word = parser.words.first, word.hasPrefix("-") {
            parser.words.removeFirst()
            try parser.take(word)
        }
        parser.options.command = Array(parser.words)
        try parser.check()
        return parser.options
    }

    private init(words: ArraySlice<String>) { self.words = words }

    private mutating func take(_ option: String) throws(Fault) {
        if takeSwitch(option) || options.tls.take(option) { return }
        switch option {
        case _ where TLSOptions.takesWord(option): options.tls.take(option, try word(option))
        case "--help": throw .help
        case "--version": throw .version
        case "-h": options.host = try word(option)
        case "-s": options.socketPath = try word(option)
        case "-a": options.password = try word(option)
        case "--user": options.user = try word(option)
        case "-u": try takeURI(word(option))
        case "-t": options.tests = try names(option)
        case "--json": options.jsonPath = try word(option)
        case "--protocol": try takeProtocol(option)
        case "-p": options.port = UInt16(try integer(option, 0...65535))
        case "-c": options.clients = try integer(option, 1...1_000_000)
        case "-n": options.requests = try integer(option, 1...1_000_000_000_000)
        case "-d": options.dataByteCount = try integer(option, 1...1 << 29)
        case "-k": options.keepsAlive = try integer(option, 0...1) == 1
        case "-r": options.keyspace = try integer(option, 1...1_000_000_000_000)
        case "-P": options.pipeline = try integer(option, 1...1_000_000)
        case "--dbnum": options.database = try integer(option, 0...Int(Int32.max))
        case "--precision": options.precision = try integer(option, 0...6)
        case "--rps": options.requestsPerSecond = try integer(option, 1...1_000_000_000)
        case "--seed": options.seed = UInt64(try integer(option, 0...Int.max))
        case "--zipf": options.zipfExponent = try exponent(option)
        case "--threads":
            options.threads = try integer(option, 1...Int(Int32.max))
            options.isThreaded = true
        default: try refuse(option)
        }
    }

    private mutating func takeSwitch(_ option: String) -> Bool {
        switch option {
        case "-3": options.isRESP3 = true
        case "-q": options.isQuiet = true
        case "-l": options.repeats = true
        case "-I": options.isIdle = true
        case "-x": options.readsLastWord = true
        case "-e": options.warnsAboutErrors = true
        case "--csv": options.isCSV = true
        case "--enable-tracking": options.isTracking = true
        default: return false
        }
        return true
    }

    private func refuse(_ option: String) throws(Fault) {
        switch option {
        case "--cluster": throw .unsupported(option)
        default:
            throw .invalid(option)
        }
    }

    private func check() throws(Fault) {
        if options.zipfExponent != nil, options.keyspace == nil {
            throw .conflict("--zipf chooses among the keys of -r: give -r too")
        }
        if options.requestsPerSecond != nil, !options.keepsAlive {
            throw .conflict("--rps needs connections that stay open: leave out -k 0")
        }
        if options.user != nil, options.password == nil {
            throw .conflict("--user needs the password of -a")
        }
        if options.speech != .resp, !options.command.isEmpty || options.readsLastWord {
            throw .conflict("--protocol has tests of its own for memcached, and takes no command")
        }
        let isRESPOnly =
            options.password != nil || options.isRESP3 || options.isTracking
            || options.database != 0
        if options.speech != .resp, isRESPOnly {
            throw .conflict("-a, -3, --dbnum and --enable-tracking are for RESP alone")
        }
        for name in options.tests ?? [] where options.command.isEmpty {
            guard options.speech.workloads.contains(where: { $0.names.contains(name) }) else {
                throw .badArgument(option: "-t", argument: name)
            }
        }
    }

    private mutating func takeProtocol(_ option: String) throws(Fault) {
        let name = try word(option)
        guard let speech = Speech(named: name) else {
            throw .badArgument(option: option, argument: name)
        }
        options.speech = speech
        if speech != .resp, options.port == 6379 { options.port = 11211 }
    }

    private mutating func word(_ option: String) throws(Fault) -> String {
        guard let word = words.popFirst() else { throw .invalid(option) }
        return word
    }

    private mutating func names(_ option: String) throws(Fault) -> [String] {
        try word(option).lowercased().split(separator: ",").map(String.init)
    }

    private mutating func integer(
        _ option: String,
        _ range: ClosedRange<Int>
    ) throws(Fault) -> Int {
        let text = try word(option)
        guard let number = Int(text), range.contains(number) else {
            throw .badArgument(option: option, argument: text)
        }
        return number
    }

    private mutating func exponent(_ option: String) throws(Fault) -> Double {
        let text = try word(option)
        guard let number = Double(text), number > 0, number <= 20 else {
            throw .badArgument(option: option, argument: text)
        }
        return number
    }

    private mutating func takeURI(_ text: String) throws(Fault) {
        let uri: ServerURI
        do {
            uri = try ServerURI(text)
        } catch {
            throw .badArgument(option: "-u", argument: text)
        }
        if uri.isEncrypted { options.tls.isOn = true }
        options.user = uri.user?.text
        options.password = uri.password?.text
        options.host = uri.host ?? options.host
        options.port = uri.port.map { UInt16($0) } ?? options.port
        options.database = uri.database ?? options.database
    }
}
