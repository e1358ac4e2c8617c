internal import CSupport
internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// The one path from a parsed request to its reply: look up, arity, access, locks, run, measure.
extension Worker {
    /// Finds the command of the words just parsed and appends the request to the batch.
    @inline(__always)
    func enqueue(_ client: Client, _ start: Int, _ count: Int) {
        batch.append(item(client, start, count))
    }

    /// A request of the words from `start` on.
    @inline(__always)
    func item(_ client: Client, _ start: Int, _ count: Int) -> Batch.Item {
        let arguments = words.arguments(start, count)
        let row = registry.table.row(arguments[0]) ?? -1
        var hash = KeyHash(bits: 0)
        var hasKey = false
        if row >= 0 {
            let firstKey = registry.row(row).firstKey
            if firstKey > 0, firstKey < count {
                hash = context.keyspace.hasher(arguments[firstKey])
                hasKey = true
                context.keyspace.prefetchBucket(hash, database: Int(client.database))
            }
        }
        return Batch.Item(
            client: client,
            start: start,
            count: count,
            row: row,
            hash: hash,
            hasKey: hasKey
        )
    }

    /// Runs all requests of the batch, sending each client's replies when its last one ran, and
    /// leaves the batch empty. The client that is still being parsed keeps its replies.
    func runBatch(parsing: Client?) {
        let count = batch.count
        guard count > 0 else { return }
        if count > 1 { prefetchEntries(count) }
        for index in 0..<count {
            let item = batch[index]
            item.withClient { client in
                if client !== replying { switchReplies(to: client) }
                guard client.state.isDisjoint(with: [.closed, .closesAfterReply, .postponed])
                else { return hold(item, client) }
                if _slowPath(!run(item, client)) { postpone(item, client) }
                // Few requests may ask for much: their replies must not gather here unsent and
                // out of sight of the client's limit.
                if _slowPath(context.reply.buffer.count > Worker.replyBytesHeld) {
                    switchReplies(to: nil)
                }
            }
        }
        batch.removeAll()
        if parsing == nil { switchReplies(to: nil) }
    }

    private func prefetchEntries(_ count: Int) {
        var seeking: UInt32 = 0
        for index in 0..<count {
            let item = batch[index]
            guard item.hasKey else { continue }
            let database = item.withClient { Int($0.database) }
            context.keyspace.prefetchEntry(item.hash, database: database)
            let member = registry.row(Int(item.row)).memberWord
            if member > 0, member < item.count { seeking |= 1 << UInt32(index) }
        }
        guard seeking != 0 else { return }
        let large = prefetchMembers(seeking) { $0.prefetchMemberBucket($1, $2) }
        _ = prefetchMembers(large) { $0.prefetchMember($1, $2) }
    }

    /// Calls `body` with the shard, the key and the first member of the requests whose bits are
    /// set, but for shards in which another worker is; returns the bits of those for which it
    /// said true.
    private func prefetchMembers(_ set: UInt32, _ body: (Shard, Key, Bytes) -> Bool) -> UInt32 {
        var found: UInt32 = 0
        var rest = set
        while rest != 0 {
            let bit = rest & ~(rest &- 1)
            rest &= rest &- 1
            let item = batch[bit.trailingZeroBitCount]
            let row = registry.row(Int(item.row))
            let arguments = words.arguments(item.start, item.count)
            let database = item.withClient { Int($0.database) }
            let key = Key(arguments[row.firstKey], item.hash)
            let member = arguments[row.memberWord]
            context.keyspace.withShardIfFree(of: item.hash, database: database) {
                if body($0, key, member) { found |= bit }
            }
        }
        return found
    }

    /// Runs one request and measures it; false when it is to be run again, or go on, later.
    @inline(__always)
    func run(_ item: Batch.Item, _ client: Client) -> Bool {
        let arguments = words.arguments(item.start, item.count)
        client.commandCount &+= 1
        statistics.commandsRun &+= 1
        guard item.row >= 0 else {
            refuseUnknown(arguments, client)
            return true
        }
        let replyStart = context.reply.buffer.count
        var number = Int(item.row)
        context.firstHash = item.hash
        context.database = Int(client.database)
        let skips = client.state.contains(.skipsNext)
        if _slowPath(registry.row(number).isContainer) {
            guard let child = subcommand(arguments, number) else {
                refuseSubcommand(arguments, number)
                return true
            }
            number = child
            hashFirstKey(of: child, arguments)
        }
        client.lastRow = Int32(number)
        if let refusal = refusal(number, arguments, client) {
            statistics.countRejection(number)
            replyError(refusal, number)
        } else {
            do throws(CommandError) {
                try execute(number, arguments, context.firstHash, client)
                statistics.count(number, cycles: cyclesSinceLast())
            } catch {
                if error.isPostponed { return isNotThrough(client) }
                statistics.countFailure(number, cycles: cyclesSinceLast())
                replyError(error, number)
            }
        }
        if _slowPath(skips || client.state.contains(.repliesOff)) {
            dropReply(from: replyStart, client)
        }
        return true
    }

    /// Takes back what was counted of a request that is to be run again; false.
    @inline(never)
    private func isNotThrough(_ client: Client) -> Bool {
        client.commandCount &-= 1
        statistics.commandsRun &-= 1
        return false
    }

    /// Why a request may not run, if so.
    @inline(__always)
    private func refusal(_ number: Int, _ arguments: Arguments, _ client: Client) -> CommandError? {
        let row = registry.row(number)
        let arity = row.arity
        guard arity >= 0 ? arguments.count == arity : arguments.count >= -arity else {
            return .wordCount
        }
        if _slowPath(!client.state.contains(.authenticated)),
            !row.flags.contains(.noAuth)
        {
            return .authenticationNeeded
        }
        return nil
    }

    /// Takes the locks of a request's keys and runs it.
    @inline(__always)
    private func execute(
        _ number: Int,
        _ arguments: Arguments,
        _ hash: KeyHash,
        _ client: Client
    ) throws(CommandError) {
        let row = registry.row(number)
        let flags = row.flags
        switch row.runner {
        case .data(let handler):
            if !context.keyspace.isShared {
                if _slowPath(context.keyspace.hasFrozen(0)) {
                    return try runAmidWork(handler, number, arguments, locked: 1)
                }
                defer { settleIfAsked(number, arguments) }
                return try handler(arguments, &context)
            }
            if row.hasOneKey {
                let partition = context.keyspace.partition(hash)
                context.keyspace.lock(partition)
                defer { context.keyspace.unlock(partition) }
                if _slowPath(context.keyspace.hasFrozen(partition)) {
                    return try runAmidWork(
                        handler,
                        number,
                        arguments,
                        locked: 1 << UInt64(partition)
                    )
                }
                defer { settleIfAsked(number, arguments) }
                return try handler(arguments, &context)
            }
            let locks = partitions(number, arguments, flags)
            context.keyspace.lock(set: locks)
            defer { context.keyspace.unlock(set: locks) }
            if _slowPath(context.keyspace.hasFrozen(set: locks)) {
                return try runAmidWork(handler, number, arguments, locked: locks)
            }
            defer { settleIfAsked(number, arguments) }
            try handler(arguments, &context)
        case .admin(let handler):
            try handler(arguments, AdminCall(server: server, worker: self, client: client))
        case .container:
            throw .wordCount
        }
    }

    /// Hands over what the command that ran changed, where anybody wants to know.
    @inline(__always)
    func settleIfAsked(_ number: Int, _ arguments: Arguments) {
        guard _slowPath(context.effects.wants.rawValue != 0) else { return }
        context.settle(registry.table.facts[number].propagation, arguments)
    }

    /// The partitions of all keys of a request; all where they cannot be told.
    private func partitions(
        _ number: Int,
        _ arguments: Arguments,
        _ flags: CommandFlags
    ) -> UInt64 {
        if flags.contains(.allPartitions) { return context.keyspace.allPartitions }
        if flags.contains(.locksItself) { return 0 }
        let specs = registry.table.facts[number].keys
        guard !specs.contains(where: \.isUnknown) else { return context.keyspace.allPartitions }
        var set: UInt64 = 0
        do throws(KeyFinder.Failure) {
            try KeyFinder.forEach(specs, arguments) { index, _ in
                let hash = context.keyspace.hasher(arguments[index])
                set |= 1 << UInt64(context.keyspace.partition(hash))
            }
        } catch {
            return context.keyspace.allPartitions
        }
        return set
    }

    // MARK: What is rare

    /// Replies to a client's mistake and counts it.
    @inline(never)
    private func replyError(_ error: CommandError, _ row: Int) {
        let start = context.reply.buffer.count
        context.reply.error(error, command: registry.table.facts[row].name)
        countError(from: start)
    }

    /// Replies with an error whose text no command's error can hold, and counts it.
    func refuse(_ text: String, _ client: Client) {
        let start = context.reply.buffer.count
        Array(text.utf8).withBytes { context.reply.error($0) }
        countError(from: start)
        if client.lastRow >= 0 { statistics.noteFailure(Int(client.lastRow)) }
    }

    /// Counts the error whose reply begins at `start`, by its first word.
    private func countError(from start: Int) {
        let reply = context.reply.buffer.bytes.dropFirst(start)
        var end = 1
        while end < min(reply.count, 32), reply[end] > UInt8(ascii: " ") { end += 1 }
        statistics.countError(reply[min(1, reply.count)..<min(end, reply.count)].string)
    }

    @inline(never)
    private func subcommand(_ arguments: Arguments, _ row: Int) -> Int? {
        guard arguments.count > 1 else { return row }
        return registry.table.subcommand(arguments[1], of: row)
    }

    /// Subcommands' keys are hashed late, as the batch knows only the container.
    private func hashFirstKey(of row: Int, _ arguments: Arguments) {
        let firstKey = registry.row(row).firstKey
        guard firstKey > 0, firstKey < arguments.count else { return }
        context.firstHash = context.keyspace.hasher(arguments[firstKey])
    }

    /// Takes a reply back that the client does not want.
    @inline(never)
    private func dropReply(from start: Int, _ client: Client) {
        context.reply.truncate(to: min(start, context.reply.buffer.count))
        client.state.remove(.skipsNext)
    }

    @inline(never)
    private func refuseUnknown(_ arguments: Arguments, _ client: Client) {
        if arguments[0].isWord("POST") || arguments[0].isWord("HOST:") { return cutOff(client) }
        let replyStart = context.reply.buffer.count
        defer { countError(from: replyStart) }
        var text = ByteBuffer()
        text.append("ERR unknown command '")
        text.append(arguments[0][0..<min(arguments[0].count, 128)])
        text.append("', with args beginning with: ")
        let start = text.count
        for index in 1..<max(arguments.count, 1) {
            let room = 128 - (text.count - start)
            guard room > 0 else { break }
            text.append("'")
            text.append(arguments[index][0..<min(arguments[index].count, room)])
            text.append("' ")
        }
        context.reply.error(text.bytes)
    }

    /// Ends a browser that was lured into sending a request here, before its body is run.
    private func cutOff(_ client: Client) {
        server.log(
            .warning,
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: "
                + "commands to Redis. This is likely due to an attacker attempting to use Cross "
                + "Protocol Scripting to compromise your Redis instance. Connection from "
                + "\(client.address(peer: true, unixPath: server.options.unixSocketPath)) aborted."
        )
        close(client)
    }

    @inline(never)
    private func refuseSubcommand(_ arguments: Arguments, _ row: Int) {
        let start = context.reply.buffer.count
        defer { countError(from: start) }
        var text = ByteBuffer()
        text.append("ERR unknown subcommand '")
        text.append(arguments[1][0..<min(arguments[1].count, 128)])
        text.append("'. Try ")
        text.append(Bytes(registry.table.facts[row].name))
        text.append(" HELP.")
        context.reply.error(text.bytes)
    }
}

extension ReplyWriter {
    /// The reply to a client's mistake, its `%` and `@` filled in.
    @inline(never)
    mutating func error(_ error: CommandError, command: StaticString) {
        let text = Bytes(error.text)
        var whole = ByteBuffer()
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "%"): whole.appendLowercase(Bytes(command))
            case UInt8(ascii: "@"): whole.append(text: error.word, limit: 128)
            case UInt8(ascii: "^"): whole.append(text: error.word, limit: .max)
            case UInt8(ascii: "#"): whole.append(text: error.otherWord, limit: .max)
            default: whole.append(text[index])
            }
        }
        self.error(whole.bytes)
    }
}

extension ByteBuffer {
    /// Appends up to `limit` bytes of a word as C prints it: up to a zero.
    mutating func append(text word: Bytes, limit: Int) {
        var end = 0
        while end < min(word.count, limit), word[end] != 0 { end += 1 }
        append(word[0..<end])
    }

    /// Appends a command's name in lower case, with `|` before a subcommand.
    mutating func appendLowercase(_ name: Bytes) {
        for index in 0..<name.count {
            let byte = name[index]
            append(
                byte == UInt8(ascii: " ")
                    ? UInt8(ascii: "|")
                    : byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 0x20 : byte
            )
        }
    }
}
