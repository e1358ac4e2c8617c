internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import System
internal import Wire

/// DEBUG: what tests and people who look for a fault need; allowed by `enable-debug-command`.
enum DebugCommands {
    /// The one row; COMMAND tells no subcommands of DEBUG.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("DEBUG", arity: -2, [.admin, .noScript, .loading, .stale], group: .server, since: "1.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Holds commands for tests and for finding faults.", debug),
    ]
}

extension DebugCommands {
    /// `DEBUG subcommand [word …]`.
    static func debug(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        guard isAllowed(session) else {
            throw CommandError(
                """
                ERR DEBUG command not allowed. If the enable-debug-command option is set to \
                "local", you can run it from a local connection, otherwise you need to set this \
                option in the configuration file, and then restart the server.
                """
            )
        }
        let name = arguments[1]
        switch arguments.count {
        case 2 where name.isWord("HELP"): help(session)
        case 2 where name.isWord("CHANGE-REPL-ID"):
            session.server.exclusively(session.worker) { session.server.renameHistory() }
            session.worker.context.reply.ok()
        case 3 where name.isWord("SLEEP"): sleep(arguments[2], session)
        case 3 where name.isWord("SET-ACTIVE-EXPIRE"):
            let isOn = DecimalText.integer(arguments[2]).map { $0 != 0 } ?? false
            session.server.exclusively(session.worker) { session.server.expireActively(isOn) }
            session.worker.context.reply.ok()
        case 3 where name.isWord("OBJECT"): try object(arguments[2], session)
        case 3 where name.isWord("ERROR"):
            let text = arguments[2].array.map { $0 == 0x0D || $0 == 0x0A ? 0x20 : $0 }
            session.worker.refuse(String(decoding: text, as: UTF8.self), session.client)
        case 3 where name.isWord("LOG"):
            session.server.log(.warning, "DEBUG LOG: \(arguments[2].string)")
            session.worker.context.reply.ok()
        case 3 where name.isWord("PROTOCOL"): try reply(as: arguments[2], session)
        case 3...5 where name.isWord("POPULATE"): try populate(arguments, session)
        default:
            throw CommandError(
                "ERR unknown subcommand or wrong number of arguments for '@'. Try DEBUG HELP.",
                name)
        }
    }

    private static func isAllowed(_ session: Session) -> Bool {
        switch session.server.options.debugPermission {
        case .everybody: true
        case .localClients: Socket.isLocal(session.client.descriptor)
        case .nobody: false
        }
    }

    /// `DEBUG SLEEP seconds`: OK, after the whole server stood still.
    private static func sleep(_ word: Bytes, _ session: Session) {
        let seconds = FloatText.number(word) ?? 0
        if seconds > 0 {
            let microseconds = UInt32(min(seconds, 4000) * 1_000_000)
            session.server.exclusively(session.worker) { _ = usleep(microseconds) }
        }
        session.worker.context.reply.ok()
    }

    /// `DEBUG OBJECT key`: a line about the value; its serialized length is the bytes it takes.
    private static func object(_ word: Bytes, _ session: Session) throws(CommandError) {
        let worker = session.worker
        let key = worker.context.key(word)
        let partition = worker.context.keyspace.partition(key.hash)
        worker.context.keyspace.lock(partition)
        defer { worker.context.keyspace.unlock(partition) }
        guard let slot = worker.context.find(key) else { throw .noSuchKey }
        let entry = slot.entry
        let text =
            "Value at:0x\(String(key.hash.bits, radix: 16)) refcount:1 "
            + "encoding:\(Shard.encodingName(entry)) "
            + "serializedlength:\(slot.shard.byteCount(slot)) lru:0 lru_seconds_idle:0"
        Array(text.utf8).withBytes { worker.context.reply.simple($0) }
    }

    /// `DEBUG POPULATE count [prefix [size]]`: OK, after the keys that were missing are made.
    private static func populate(
        _ arguments: Arguments, _ session: Session
    ) throws(CommandError) {
        let positive = 0...Int64.max
        let count = try arguments.integer(2, in: positive, or: .notPositive)
        let prefix = arguments.count > 3 ? arguments[3].string : "key"
        let size =
            arguments.count > 4 ? try arguments.integer(4, in: positive, or: .notPositive) : 0
        guard size <= session.server.options.bulkLengthMax else { throw .tooLong }
        for index in 0..<count {
            var value = Array("value:\(index)".utf8)
            if size > 0 {
                value = Array(value.prefix(size))
                value += [UInt8](repeating: 0, count: size - value.count)
            }
            Array("\(prefix):\(index)".utf8).withBytes { name in
                value.withBytes { add(name, $0, session.worker) }
            }
        }
        session.worker.context.reply.ok()
    }

    private static func add(_ name: Bytes, _ value: Bytes, _ worker: Worker) {
        let key = worker.context.key(name)
        let partition = worker.context.keyspace.partition(key.hash)
        worker.context.keyspace.lock(partition)
        defer { worker.context.keyspace.unlock(partition) }
        guard worker.context.find(key) == nil else { return }
        StringValue.set(
            key, StringContent(encoding: value), expiry: nil, at: nil,
            in: worker.context.shard(key))
    }

    /// `DEBUG HELP`.
    private static func help(_ session: Session) {
        session.worker.context.reply.lines([
            "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "CHANGE-REPL-ID",
            "    Change the replication IDs of the instance.",
            "    Dangerous: should be used only for testing the replication subsystem.",
            "ERROR <string>",
            "    Return a Redis protocol error with <string> as message. Useful for clients",
            "    unit tests to simulate Redis errors.",
            "LOG <message>",
            "    Write <message> to the server log.",
            "OBJECT <key>",
            "    Show low level info about `key` and associated value.",
            "POPULATE <count> [<prefix>] [<size>]",
            "    Create <count> string keys named key:<num>. If <prefix> is specified then",
            "    it is used instead of the 'key' prefix.",
            "PROTOCOL <type>",
            "    Reply with a test value of the specified type. <type> can be: string,",
            "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
            "    true, false.",
            "SET-ACTIVE-EXPIRE <0|1>",
            "    Setting it to 0 disables expiring keys in background when they are not",
            "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
            "    default.",
            "SLEEP <seconds>",
            "    Stop the server for <seconds>. Decimals allowed.",
            "HELP",
            "    Prints this help.",
        ])
    }
}

// MARK: - Samples of every reply

extension DebugCommands {
    /// `DEBUG PROTOCOL type`: a reply of that type, for those who test a client.
    private static func reply(as type: Bytes, _ session: Session) throws(CommandError) {
        let isRESP3 = session.client.state.contains(.resp3)
        if type.isWord("STRING") {
            session.worker.context.reply.bulk("Hello World")
        } else if type.isWord("INTEGER") {
            session.worker.context.reply.integer(12345)
        } else if type.isWord("DOUBLE") {
            session.worker.context.reply.double(3.141)
        } else if type.isWord("NULL") {
            session.worker.context.reply.null()
        } else if type.isWord("ARRAY") {
            session.worker.context.reply.array(3)
            for number in 0..<3 { session.worker.context.reply.integer(number) }
        } else if type.isWord("SET") {
            session.worker.context.reply.set(3)
            for number in 0..<3 { session.worker.context.reply.integer(number) }
        } else if type.isWord("MAP") {
            session.worker.context.reply.map(3)
            for number in 0..<3 {
                session.worker.context.reply.integer(number)
                session.worker.context.reply.boolean(number == 1)
            }
        } else if type.isWord("VERBATIM") {
            session.worker.context.reply.verbatim("This is a verbatim\nstring")
        } else if type.isWord("TRUE") || type.isWord("FALSE") {
            session.worker.context.reply.boolean(type.isWord("TRUE"))
        } else if type.isWord("BIGNUM") {
            let digits: StaticString = "1234567999999999999999999999999999999"
            guard isRESP3 else { return session.worker.context.reply.bulk(digits) }
            session.worker.context.reply.raw(Bytes("("))
            session.worker.context.reply.raw(Bytes(digits))
            session.worker.context.reply.raw(Bytes("\r\n"))
        } else {
            try replyAside(as: type, isRESP3, session)
        }
    }

    /// The types that come beside a reply: attributes and pushes.
    private static func replyAside(
        as type: Bytes, _ isRESP3: Bool, _ session: Session
    ) throws(CommandError) {
        if type.isWord("ATTRIB") {
            if isRESP3 {
                session.worker.context.reply.raw(
                    Bytes("|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"))
            }
            session.worker.context.reply.bulk("Some real reply following the attribute")
        } else if type.isWord("PUSH") {
            guard isRESP3 else {
                throw CommandError("ERR RESP2 is not supported by this command")
            }
            session.worker.context.reply.push(2)
            session.worker.context.reply.bulk("server-cpu-usage")
            session.worker.context.reply.integer(42)
            session.worker.context.reply.bulk("Some real reply following the push reply")
        } else {
            throw CommandError(
                """
                ERR Wrong protocol type name. Please use one of the following: \
                string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
                """
            )
        }
    }
}
