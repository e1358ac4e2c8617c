internal import Glibc
internal import Remote
internal import Wire

/// The results of a walk over the keyspace for one type of value.
struct TypeSurvey {
    /// The name of the type in replies to TYPE.
    let name: String
    /// The command that returns a value's size; nil if there is none.
    let sizeCommand: String?
    /// The unit of the size.
    let unit: String

    var keys = 0
    var totalSize = 0
    var biggestKey: [UInt8]?
    var biggestSize = 0

    /// An entry for each type, in the order of the summary.
    static func all() -> [TypeSurvey] {
        [
            TypeSurvey(name: "list", sizeCommand: "LLEN", unit: "items"),
            TypeSurvey(name: "hash", sizeCommand: "HLEN", unit: "fields"),
            TypeSurvey(name: "string", sizeCommand: "STRLEN", unit: "bytes"),
            TypeSurvey(name: "stream", sizeCommand: "XLEN", unit: "entries"),
            TypeSurvey(name: "set", sizeCommand: "SCARD", unit: "members"),
            TypeSurvey(name: "zset", sizeCommand: "ZCARD", unit: "members"),
        ]
    }
}

/// `--bigkeys` and `--memkeys`: the biggest keys of each type, and the types' averages.
struct KeySurvey {
    /// Whether sizes are those of MEMORY USAGE instead of numbers of elements.
    let isByMemory: Bool
    private var types = TypeSurvey.all()
    private var sampled = 0
    private var keyBytes = 0

    init(isByMemory: Bool) { self.isByMemory = isByMemory }

    /// Walks over all keys, or until ^C, and summarises; returns the exit code.
    mutating func run(_ session: inout ServerSession) throws(RemoteFailure) -> Int32 {
        let isThrough = try session.walkKeys(toFind: "biggest keys") {
            (session, keys, percent) throws(RemoteFailure) in
            let before = sampled
            try survey(keys, &session, percent: percent)
            return sampled - before
        }
        guard isThrough else { return 1 }
        summarise(&session.output)
        return 0
    }

    /// Requests the types and sizes of one batch, in one pipeline each.
    private mutating func survey(
        _ keys: [[UInt8]],
        _ session: inout ServerSession,
        percent: String
    ) throws(RemoteFailure) {
        let typeNames = try session.askAll(keys.map { ["TYPE".bytes, $0] })
        var rows: [(key: [UInt8], type: Int)] = []
        for (key, reply) in zip(keys, typeNames) {
            guard let name = reply.stringBytes?.text, reply.errorText == nil, name != "none"
            else { continue }
            rows.append((key, index(of: name)))
        }
        let sizes = try session.askAll(rows.map { sizeRequest($0.key, $0.type, session.options) })
        for (row, reply) in zip(rows, sizes) {
            let size = Int(reply.number ?? 0)
            add(row.key, row.type, size)
            sampled += 1
            if types[row.type].biggestSize < size {
                types[row.type].biggestSize = size
                types[row.type].biggestKey = row.key
                announce(types[row.type], percent, &session.output)
            }
            if sampled % 1_000_000 == 0 {
                session.output.write("[\(percent)%] Sampled \(sampled) keys so far\n")
            }
        }
    }

    /// The index of the type `name`; a module's type gets a new entry.
    private mutating func index(of name: String) -> Int {
        if let index = types.firstIndex(where: { $0.name == name }) { return index }
        types.append(TypeSurvey(name: name, sizeCommand: nil, unit: "?"))
        return types.count - 1
    }

    private func sizeRequest(_ key: [UInt8], _ type: Int, _ options: Options) -> [[UInt8]] {
        guard isByMemory else {
            // A type without a size counts as zero, in one round trip with the others.
            return types[type].sizeCommand.map { [$0.bytes, key] } ?? ["ECHO".bytes, "0".bytes]
        }
        let samples = options.memorySamples.map { ["SAMPLES".bytes, String($0).bytes] } ?? []
        return ["MEMORY".bytes, "USAGE".bytes, key] + samples
    }

    private func unit(_ type: TypeSurvey) -> String { isByMemory ? "bytes" : type.unit }

    private mutating func add(_ key: [UInt8], _ type: Int, _ size: Int) {
        types[type].keys += 1
        types[type].totalSize += size
        keyBytes += key.count
    }

    private func announce(_ type: TypeSurvey, _ percent: String, _ output: inout Output) {
        guard let key = type.biggestKey else { return }
        let name = type.name + String(repeating: " ", count: max(6 - type.name.utf8.count, 0))
        output.write("[\(percent)%] Biggest \(name) found so far '")
        output.write(QuotedWords.quoted(key))
        output.write("' with \(type.biggestSize) \(unit(type))\n")
    }

    private func summarise(_ output: inout Output) {
        let average = sampled == 0 ? 0 : Double(keyBytes) / Double(sampled)
        output.write("\n-------- summary -------\n\n")
        output.write("Sampled \(sampled) keys in the keyspace!\n")
        output.write("Total key length in bytes is \(keyBytes) ")
        output.write("(avg len \(Decimals.fixed(average, 2)))\n\n")
        for type in types {
            guard let key = type.biggestKey else { continue }
            output.write("Biggest \(Decimals.padded(type.name, 6)) found '")
            output.write(QuotedWords.quoted(key))
            output.write("' has \(type.biggestSize) \(unit(type))\n")
        }
        output.write("\n")
        for type in types {
            let share = sampled == 0 ? 0 : 100 * Double(type.keys) / Double(sampled)
            let average = type.keys == 0 ? 0 : Double(type.totalSize) / Double(type.keys)
            output.write("\(type.keys) \(type.name)s with \(type.totalSize) \(unit(type)) ")
            output.write("(\(Decimals.padded(share))% of keys, ")
            output.write("avg size \(Decimals.fixed(average, 2)))\n")
        }
        output.flush()
    }
}

extension Decimals {
    /// A percentage as redis-cli writes it: two places, five characters at least.
    static func padded(_ percent: Double) -> String {
        let text = fixed(percent, 2)
        return String(repeating: "0", count: max(5 - text.utf8.count, 0)) + text
    }
}

extension ServerSession {
    /// Walks over all keys, or until ^C, pausing as `-i` says.
    ///
    /// `body` gets every batch with the percentage of keys counted so far; it returns how many it
    /// counts, or nil to end the walk.
    ///
    /// - Returns: false if `body` ended the walk, or if the server rejected it, which has been
    ///   reported.
    mutating func walkKeys(
        toFind what: String,
        _ body: (inout ServerSession, [[UInt8]], String) throws(RemoteFailure) -> Int?
    ) throws(RemoteFailure) -> Bool {
        guard let total = try keyCount() else { return false }
        output.write(
            """

            # Scanning the entire keyspace to find \(what) as well as
            # average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec
            # per 100 SCAN commands (not usually needed).


            """
        )
        var cursor = "0".bytes
        var batches = 0
        var counted = 0
        repeat {
            let percent = total == 0 ? 0 : 100 * Double(counted) / Double(total)
            guard let keys = try nextKeys(&cursor),
                let more = try body(&self, keys, Decimals.padded(percent))
            else { return false }
            counted += more
            output.flush()
            batches += 1
            if batches % 100 == 0 { Pause.seconds(options.intervalSeconds) }
        } while cursor != "0".bytes && !Interrupt.answer()
        return true
    }

    /// The number of keys; nil (and reported) if the server does not return it.
    private mutating func keyCount() throws(RemoteFailure) -> Int? {
        let reply = try ask("DBSIZE")
        if let text = reply.errorText {
            output.writeError("Couldn't determine DBSIZE: ".bytes + text + [UInt8(ascii: "\n")])
            return nil
        }
        return reply.number.map { Int($0) }
    }

    /// The next batch of keys; nil (and reported) if the server rejects the request.
    private mutating func nextKeys(_ cursor: inout [UInt8]) throws(RemoteFailure) -> [[UInt8]]? {
        let reply = try scan(&cursor)
        if let text = reply.errorText {
            output.writeError("SCAN error: ".bytes + text + [UInt8(ascii: "\n")])
            return nil
        }
        return reply.elements?.last?.elements?.compactMap(\.stringBytes)
    }

    /// The replies to many requests that are sent at once.
    mutating func askAll(_ requests: [[[UInt8]]]) throws(RemoteFailure) -> [Reply] {
        try send(requests.flatMap { Request.bytes($0) })
        var replies: [Reply] = []
        while replies.count < requests.count {
            let reply = try receive()
            if case .push = reply { continue }
            replies.append(reply)
        }
        return replies
    }
}
