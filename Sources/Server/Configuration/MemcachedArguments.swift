internal import Wire

/// memcached's command line, as configuration of Apus: `apus-server --memcached [option …]`.
///
/// Short options may stand together, as in `-vvA`, and hold their value in the same word or take
/// the next one; long ones may be shortened, and take `name=value` or `name value`. Behind `--`
/// follow directives of Apus.
struct MemcachedArguments {
    /// What the program is asked to do; if it is asked in vain, why.
    enum Request: Equatable {
        case serve, showHelp, showVersion, showLicence
        case refuse(String)
    }

    private(set) var request = Request.serve
    /// The directives that it amounts to.
    private(set) var lines: [[UInt8]] = []
    /// Options that have no meaning here, as given.
    private(set) var withoutEffect: [String] = []
    /// The user that the process becomes if it is root's.
    private(set) var user: String?
    /// The words behind `--`.
    private(set) var rest: [String] = []

    private var port = 11211
    /// Those of `-l`, some with a port of their own.
    private var addresses: [(address: String, port: Int?)] = []
    private var usesTLS = false
    private var demandsSASL = false
    private var userFile: String?
    private var socketPath: String?
    private var socketMode = "700"
    private var megabytes = 64
    private var evicts = true
    private var verbosity = 0

    init(_ words: [String]) {
        read(words)
        guard request == .serve else { return }
        if demandsSASL, userFile == nil {
            refuse("-S needs users: name the file that has them with -Y")
        } else {
            settle()
        }
    }

    private mutating func refuse(_ text: String) { request = .refuse(text) }

    // MARK: Words

    private mutating func read(_ words: [String]) {
        var words = words[...]
        while request == .serve, let word = words.popFirst() {
            if word == "--" {
                rest = Array(words)
                return
            }
            if word.hasPrefix("--") {
                readLong(word.dropFirst(2), &words)
            } else if word.hasPrefix("-"), word.count > 1 {
                readShort(word.dropFirst(), &words)
            } else {
                withoutEffect.append(word)
            }
        }
    }

    private mutating func readShort(
        _ letters: Substring,
        _ words: inout ArraySlice<String>
    ) {
        var letters = letters
        while request == .serve, let letter = letters.popFirst() {
            guard let option = MemcachedOption.all.first(where: { $0.letter == letter }) else {
                return refuse("invalid option -- '\(letter)'")
            }
            guard option.takesValue else {
                take(option, "")
                continue
            }
            guard let value = letters.isEmpty ? words.popFirst() : String(letters) else {
                return refuse("option requires an argument -- '\(letter)'")
            }
            return take(option, value)
        }
    }

    private mutating func readLong(_ word: Substring, _ words: inout ArraySlice<String>) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let found =
            MemcachedOption.all.filter { $0.name == name }
            + MemcachedOption.all.filter { $0.name != name && $0.name.hasPrefix(name) }
        guard let option = found.first, found.count == 1 || option.name == name, !name.isEmpty
        else {
            let problem = found.isEmpty ? "unrecognized" : "ambiguous"
            return refuse("\(problem) option '--\(name)'")
        }
        guard option.takesValue else {
            guard parts.count == 1 else {
                return refuse("option '--\(option.name)' doesn't allow an argument")
            }
            return take(option, "")
        }
        guard let value = parts.count == 2 ? String(parts[1]) : words.popFirst() else {
            return refuse("option '--\(option.name)' requires an argument")
        }
        take(option, value)
    }

    // MARK: Options

    private mutating func take(_ option: MemcachedOption, _ value: String) {
        switch option.letter {
        case "p": number(value, option, 0...65535) { $0.port = $1 }
        case "U":
            number(value, option, 0...65535) {
                if $1 != 0 { $0.withoutEffect.append("-U \($1)") }
            }
        case "s": socketPath = value
        case "a": socketMode = value
        case "l": listen(value)
        case "m": number(value, option, 1...1 << 40) { $0.megabytes = $1 }
        case "M": evicts = false
        case "c": number(value, option, 1...1 << 31) { $0.set("maxclients", String($1)) }
        case "t": number(value, option, 1...1 << 31) { $0.set("threads", String($1)) }
        case "b": number(value, option, 1...1 << 31) { $0.set("tcp-backlog", String($1)) }
        case "v": verbosity += 1
        case "d": set("daemonize", "yes")
        case "P": set("pidfile", value)
        case "u": user = value
        case "A": set("memcached-shutdown-command", "yes")
        case "F": set("memcached-flush-command", "no")
        case "X": set("memcached-dump-command", "no")
        case "W": set("memcached-watch-command", "no")
        case "D": delimit(value)
        case "B": speak(value)
        case "I": limitItems(value)
        case "S": demandsSASL = true
        case "Y": userFile = value
        case "Z": usesTLS = true
        case "o": extend(value)
        case "h": request = .showHelp
        case "V": request = .showVersion
        case "i": request = .showLicence
        default:
            withoutEffect.append("-\(option.letter)" + (option.takesValue ? " \(value)" : ""))
        }
    }

    private mutating func set(_ directive: String, _ words: String...) {
        var line = Array(directive.utf8)
        for word in words { line += [UInt8(ascii: " ")] + QuotedWords.quoted(Array(word.utf8)) }
        lines.append(line)
    }

    private mutating func number(
        _ text: String,
        _ option: MemcachedOption,
        _ range: ClosedRange<Int>,
        _ use: (inout MemcachedArguments, Int) -> Void
    ) {
        guard let number = Int(text), range.contains(number) else {
            return refuse("-\(option.letter): \(text) is not a number that it takes")
        }
        use(&self, number)
    }

    /// `-l address[:port],…`: one listener for each.
    private mutating func listen(_ value: String) {
        for entry in value.split(whereSeparator: { $0 == "," || $0 == " " }) {
            if entry.hasPrefix("notls:") || entry.hasPrefix("proto[") || entry.hasPrefix("tag[") {
                return refuse("-l \(entry): listeners of different kinds are not supported")
            }
            if let (address, port) = MemcachedOptions.parts(String(entry)) {
                addresses.append((address, port))
            } else if entry.hasPrefix("["), entry.hasSuffix("]") {
                addresses.append((String(entry.dropFirst().dropLast()), nil))
            } else if entry.hasPrefix("[") || entry.filter({ $0 == ":" }).count == 1 {
                return refuse("-l \(entry): there is no such port")
            } else {
                addresses.append((String(entry), nil))
            }
        }
    }

    /// The addresses as words of `memcached-bind`, with the ports that differ from the main one.
    private var places: String {
        addresses.map { address, own in
            guard let own, own != port else { return address }
            return (address.contains(":") ? "[\(address)]" : address) + ":\(own)"
        }.joined(separator: " ")
    }

    private mutating func delimit(_ value: String) {
        guard value.utf8.count == 1 else { return refuse("-D takes one character") }
        set("memcached-prefix-delimiter", value)
        set("memcached-prefix-stats", "yes")
    }

    private mutating func speak(_ value: String) {
        guard ["auto", "binary", "ascii"].contains(value) else {
            return refuse(
                "Invalid value for binding protocol: \(value)\n"
                    + " -- should be one of auto, binary, or ascii"
            )
        }
        set("memcached-protocol", value)
    }

    /// `-I 2m`: bytes, with `k` or `m` behind them for more.
    private mutating func limitItems(_ value: String) {
        let unit = value.last.map { $0.lowercased() }
        let shift = unit == "k" ? 10 : unit == "m" ? 20 : 0
        guard let number = Int(shift == 0 ? value : String(value.dropLast())),
            (0...1 << 30).contains(number)
        else { return refuse("-I \(value) is no size") }
        let size = number << shift
        guard size >= 1024 else { return refuse("Item max size cannot be less than 1024 bytes.") }
        guard size <= 1 << 30 else {
            return refuse("Cannot set item size limit higher than a gigabyte.")
        }
        set("memcached-item-size-max", String(size))
    }

    // MARK: Extended options

    private mutating func extend(_ value: String) {
        for entry in value.split(separator: ",") where request == .serve {
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            let (name, value) = (parts[0], parts.count > 1 ? parts[1] : nil)
            guard !apply(name, value), request == .serve else { continue }
            guard MemcachedOption.extended.contains(name) else {
                return refuse("Illegal suboption \"\(entry)\"")
            }
            withoutEffect.append("-o \(entry)")
        }
    }

    /// Applies an extended option that has a meaning; returns whether it has one.
    private mutating func apply(_ name: String, _ value: String?) -> Bool {
        let directives = [
            "idle_timeout": "timeout", "ssl_chain_cert": "tls-cert-file", "ssl_key": "tls-key-file",
            "ssl_ciphers": "tls-ciphers", "ssl_ca_cert": "tls-ca-cert-file",
        ]
        if let directive = directives[name] {
            guard let value else {
                refuse("Missing \(name) argument")
                return true
            }
            set(directive, value)
            return true
        }
        switch (name, value) {
        case ("track_sizes", _): return true  // The sizes are counted when they are asked for.
        case ("ssl_session_cache", _): set("tls-session-caching", "yes")
        case ("ssl_verify_mode", "0"): set("tls-auth-clients", "no")
        case ("ssl_verify_mode", "1"): set("tls-auth-clients", "optional")
        case ("ssl_verify_mode", "2"), ("ssl_verify_mode", "3"): set("tls-auth-clients", "yes")
        case ("ssl_min_version", "3"), ("ssl_min_version", "tlsv1.3"):
            set("tls-protocols", "TLSv1.3")
        case ("ssl_min_version", "0"), ("ssl_min_version", "1"), ("ssl_min_version", "2"):
            // Older versions are not spoken.
            set("tls-protocols", "TLSv1.2 TLSv1.3")
        case ("ssl_verify_mode", _), ("ssl_min_version", _):
            refuse("\(name) has no such value")
        default: return false
        }
        return true
    }

    // MARK: The whole

    /// Adds what memcached is like without options, and what depends on several of them.
    private mutating func settle() {
        let given = lines
        lines = []
        set("port", "0")
        set("save", "")
        set("protected-mode", "no")
        set("threads", "4")
        set("maxclients", "1024")
        set("tcp-backlog", "1024")
        set("maxmemory", "\(megabytes)mb")
        set("maxmemory-policy", evicts ? "allkeys-lru" : "noeviction")
        if let socketPath {
            set("memcached-unixsocket", socketPath)
            set("memcached-unixsocketperm", socketMode)
        } else {
            if let first = addresses.first?.port, addresses.allSatisfy({ $0.port != nil }) {
                port = first
            }
            set(usesTLS ? "memcached-tls-port" : "memcached-port", String(port))
            if !addresses.isEmpty { lines.append(Array("memcached-bind \(places)".utf8)) }
        }
        if usesTLS { set("tls-auth-clients", "no") }
        if demandsSASL { set("memcached-protocol", "binary") }
        if let userFile { set("memcached-auth-file", userFile) }
        if verbosity > 0 { set("loglevel", verbosity == 1 ? "verbose" : "debug") }
        lines += given
    }
}
