internal import Commands
internal import Primitives
internal import Wire

/// Requests of memcached's binary protocol about the server and the connection.
enum BinaryAdminCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MEMCACHED.BINARY_FLUSH", arity: 5, [.memcached, .write, .noScript, .noMulti, .locksItself], group: .server, categories: ["dangerous"], since: "1.0", complexity: "O(N) where N is the number of keys", syntax: "", summary: "Removes all keys of database 0, now or later, for a client of memcached's binary protocol.", isInternal: true, flush),
        AdminCommand("MEMCACHED.BINARY_VERSION", arity: 5, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Tells a client of memcached's binary protocol which memcached the server is like.", isInternal: true, tellVersion),
        AdminCommand("MEMCACHED.BINARY_STAT", arity: 5, [.memcached, .noScript, .noMulti, .locksItself], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Tells statistics to a client of memcached's binary protocol.", isInternal: true, waiting: tellStatistics),
        AdminCommand("MEMCACHED.BINARY_QUIT", arity: 5, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .fast], group: .connection, since: "1.0", complexity: "O(1)", syntax: "", summary: "Ends the connection of a client of memcached's binary protocol.", isInternal: true, quit),
        AdminCommand("MEMCACHED.BINARY_SASL_LIST", arity: 5, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .fast], group: .connection, since: "1.0", complexity: "O(1)", syntax: "", summary: "Tells a client of memcached's binary protocol how it can authenticate.", isInternal: true, listMechanisms),
        AdminCommand("MEMCACHED.BINARY_SASL_AUTH", arity: 5, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .skipMonitor, .skipSlowLog, .fast], secrets: .from(4), group: .connection, since: "1.0", complexity: "O(1)", syntax: "", summary: "Takes the name and password of a client of memcached's binary protocol.", isInternal: true, authenticate),
        AdminCommand("MEMCACHED.BINARY_REFUSE", arity: 5, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .skipMonitor, .fast], group: .connection, since: "1.0", complexity: "O(1)", syntax: "", summary: "Tells a client of memcached's binary protocol that its request is none.", isInternal: true, refuse),
    ]
}

extension BinaryAdminCommands {
    private static func isQuiet(_ header: BinaryHeader) -> Bool {
        BinaryOpcode(rawValue: header.opcode)?.isQuiet ?? false
    }

    /// Flush: the extras, if there are any, are the time.
    static func flush(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let header = BinaryHeader(arguments[2])
        guard call.server.options.memcached.allowsFlush else {
            return call.reply.binaryFailure(header, .authenticationFailed)
        }
        let extras = arguments[3]
        let delay = extras.isEmpty ? 0 : Int64(extras.bigEndian(0, as: UInt32.self))
        call.worker.executor.context.memcachedStatistics.add(.flushes)
        try MemcachedFlush.flush(after: delay, call)
        if !isQuiet(header) { call.reply.binaryDone(header) }
    }

    /// Version.
    static func tellVersion(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.binary(BinaryHeader(arguments[2]), value: Bytes(Version.memcached))
    }

    /// Stat: the key is what `stats` of the text protocol takes; each line is a reply.
    static func tellStatistics(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome {
        let header = BinaryHeader(arguments[2])
        switch MemcachedStatsCommands.answer(arguments[1].words, call) {
        case nil: return .waits(call.nextSlice)
        case .lines(let lines):
            for line in lines {
                Array(line.name.utf8).withBytes { name in
                    Array(line.value.utf8).withBytes { value in
                        call.reply.binaryHead(header, key: name, valueCount: value.count)
                        call.reply.raw(value)
                    }
                }
            }
        case .dump(let text):
            text.withBytes { text in
                let key = Bytes("detailed")
                call.reply.binaryHead(header, key: key, valueCount: text.count)
                call.reply.raw(text)
            }
        case .done: break
        case .refusal:
            call.reply.binaryFailure(header, .notFound)
            return .done
        }
        call.reply.binaryDone(header)
        return .done
    }

    /// Quit, quiet or not.
    static func quit(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let header = BinaryHeader(arguments[2])
        if !isQuiet(header) { call.reply.binaryDone(header) }
        call.connection?.state.insert(.closesAfterReply)
    }

    /// A request that is none; after most of them, nobody knows where the next one would begin.
    static func refuse(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let header = BinaryHeader(arguments[2])
        call.reply.binaryFailure(header, BinaryStatus(text: arguments[3]))
        if !arguments[4].isEmpty { call.connection?.state.insert(.closesAfterReply) }
    }

    // MARK: SASL

    private static let mechanism: StaticString = "PLAIN"

    /// The mechanisms of SASL that there are.
    static func listMechanisms(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.binary(BinaryHeader(arguments[2]), value: Bytes(mechanism))
    }

    /// SASL authentication: a mechanism and what it begins, or goes on, with.
    ///
    /// Of PLAIN that is `identity NUL name NUL password`, where the identity may be empty. Who
    /// begins without it is asked for it.
    static func authenticate(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let header = BinaryHeader(arguments[2])
        let response = arguments[4]
        let isFirst = header.opcode == BinaryOpcode.saslAuth.rawValue
        let hasBegun = call.connection?.memcached?.hasBegunSASL ?? false
        let isKnown = arguments[1] == Bytes(mechanism) && (isFirst || hasBegun)
        if isKnown, isFirst, response.isEmpty {
            call.connection?.memcached?.hasBegunSASL = true
            return call.reply.binaryHead(header, .authenticationGoesOn, valueCount: 0)
        }
        call.connection?.memcached?.hasBegunSASL = false
        call.worker.executor.context.memcachedStatistics.add(.authentications)
        do throws(CommandError) {
            guard isKnown, let credentials = credentials(response) else {
                throw .authenticationNeeded
            }
            try call.admitToMemcached(
                credentials.name,
                password: credentials.password,
                by: Bytes("binary_sasl_auth")
            )
            call.reply.binary(header, value: Bytes("Authenticated"))
        } catch {
            call.worker.executor.context.memcachedStatistics.add(.authenticationFailures)
            call.reply.binaryFailure(header, .authenticationFailed)
        }
    }

    /// The name and the password in a response of PLAIN.
    private static func credentials(_ response: Bytes) -> (name: Bytes, password: Bytes)? {
        guard let first = response.firstIndex(of: 0),
            let second = response.firstIndex(of: 0, from: first + 1)
        else { return nil }
        let name = response[first + 1..<second]
        let identity = response[0..<first]
        guard identity.isEmpty || identity == name else { return nil }
        return (name, response.dropFirst(second + 1))
    }
}

extension Bytes {
    /// The words between spaces.
    fileprivate var words: [Bytes] {
        var words: [Bytes] = []
        var start = 0
        while start < count {
            let end = firstIndex(of: UInt8(ascii: " "), from: start) ?? count
            if end > start { words.append(self[start..<end]) }
            start = end + 1
        }
        return words
    }
}
