internal import Remote

/// `--stat`: a line of figures from the server about every second.
struct Statistics {
    private var requestsBefore: Int?
    private var lines = 0
    private static let linesPerHeader = 20

    private static let header = """
        ------- data ------ --------------------- load -------------------- - child -
        keys       mem      clients blocked requests            connections\("          ")

        """

    /// Prints until the server is gone or ^C is pressed; returns the exit code.
    mutating func run(_ session: inout ServerSession) throws(RemoteFailure) -> Int32 {
        let interval = session.options.intervalSeconds
        while true {
            let reply = try session.ask("INFO")
            guard let text = reply.stringBytes?.text, reply.errorText == nil else {
                let reason = reply.errorText ?? []
                session.output.writeError("ERROR: ".bytes + reason + [UInt8(ascii: "\n")])
                return 1
            }
            if lines % Self.linesPerHeader == 0 { session.output.write(Self.header) }
            lines += 1
            session.output.write(line(InfoFields(text)))
            session.output.flush()
            Pause.seconds(interval > 0 ? interval : 1)
            if Interrupt.answer() { return 0 }
        }
    }

    private mutating func line(_ info: InfoFields) -> String {
        let requests = info.number("total_commands_processed")
        let more = requestsBefore.map { requests - $0 } ?? 0
        requestsBefore = requests
        let children = [
            info.number("rdb_bgsave_in_progress") > 0 ? "SAVE" : nil,
            info.number("aof_rewrite_in_progress") > 0 ? "AOF" : nil,
        ]
        return Self.column(String(info.keyCount), 10)
            + Self.column(Self.humanSize(info.number("used_memory")), 8)
            + Self.column(String(info.number("connected_clients")), 7)
            + Self.column(String(info.number("blocked_clients")), 7)
            + Self.column("\(requests) (+\(more))", 19)
            + Self.column(String(info.number("total_connections_received")), 11)
            + children.compactMap { $0 }.joined(separator: "+") + "\n"
    }

    private static func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.utf8.count, 0)) + " "
    }

    static func humanSize(_ bytes: Int) -> String {
        if bytes < 1024 { return "\(bytes)B" }
        var size = Double(bytes) / 1024
        for unit in ["K", "M"] {
            if size < 1024 { return Decimals.fixed(size, 2) + unit }
            size /= 1024
        }
        return Decimals.fixed(size, 2) + "G"
    }
}

/// The fields of an INFO reply.
struct InfoFields {
    private var fields: [Substring: Substring] = [:]

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
    }

    /// The integer value of a field, 0 if it has none.
    func number(_ name: String) -> Int { fields[name[...]].flatMap { Int($0) } ?? 0 }

    /// The keys of all databases: the sum over `db<number>:keys=<count>,…`.
    var keyCount: Int {
        fields.reduce(0) { sum, field in
            guard field.key.hasPrefix("db"), field.key.dropFirst(2).allSatisfy(\.isNumber),
                let count = field.value.split(separator: ",").first, count.hasPrefix("keys=")
            else { return sum }
            return sum + (Int(count.dropFirst(5)) ?? 0)
        }
    }
}
