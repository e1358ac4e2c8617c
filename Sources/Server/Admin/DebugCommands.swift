internal import Commands
internal import Primitives
internal import System
internal import Wire

/// DEBUG: for tests and for debugging; allowed by `enable-debug-command`.
enum DebugCommands {
    /// The only row; COMMAND does not list subcommands of DEBUG.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("DEBUG", arity: -2, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .server, since: "1.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of commands for testing and debugging.", isInternal: true, debug),
    ]

    /// A subcommand: its words, its help, and its handler.
    private struct Subcommand: Sendable {
        let name: StaticString
        /// The number of words, including DEBUG and its name.
        let wordCounts: ClosedRange<Int>
        /// What HELP shows after the name.
        let words: String
        let help: [String]
        let handler: AdminHandler

        init(
            _ name: StaticString,
            _ wordCounts: ClosedRange<Int>,
            _ words: String = "",
            _ help: String...,
            run handler: @escaping AdminHandler
        ) {
            self.name = name
            self.wordCounts = wordCounts
            self.words = words
            self.help = help
            self.handler = handler
        }
    }

    /// Every subcommand except HELP; those that crash accept any words, as in Redis.
    // swift-format-ignore
    private static let subcommands: [Subcommand] = [
        Subcommand("AOF-FLUSH-SLEEP", 3...3, "<microsec>", "Server will sleep before flushing the AOF, this is used for testing.", run: delayAppending),
        Subcommand("ASSERT", 2...Int.max, "", "Crash by assertion failed.", run: failAssertion),
        Subcommand("CHANGE-REPL-ID", 2...2, "", "Change the replication IDs of the instance.", "Dangerous: should be used only for testing the replication subsystem.", run: renameHistory),
        Subcommand("CLIENT-EVICTION", 2...2, "", "Show low level client eviction pools info (maxmemory-clients).", run: showClientEviction),
        Subcommand("CRASH-AND-RECOVER", 2...Int.max, "[<milliseconds>]", "Hard crash and restart after a <milliseconds> delay (default 0).", run: crashAndRecover),
        Subcommand("DICT-RESIZING", 3...3, "<0|1>", "Enable or disable resizing of hash tables.", run: setTableResizing),
        Subcommand("DIGEST", 2...2, "", "Output a hex signature representing the current DB content.", run: digest),
        Subcommand("DIGEST-VALUE", 2...Int.max, "<key> [<key> ...]", "Output a hex signature of the values of all the specified keys.", run: digestValues),
        Subcommand("EFFECTS", 3...3, "<ON|OFF|TAKE|EVENTS>", "Start or stop recording the effects of commands, or show the recorded requests", "or events since the last call. For tests.", run: showEffects),
        Subcommand("ERROR", 3...3, "<string>", "Return a Redis protocol error with <string> as message. Useful for clients", "unit tests to simulate Redis errors.", run: replyError),
        Subcommand("HTSTATS", 3...4, "<dbid> [full]", "Return hash table statistics of the specified database.", run: showTables),
        Subcommand("HTSTATS-KEY", 3...4, "<key> [full]", "Like HTSTATS but for the hash table stored at <key>'s value.", run: showTableOfKey),
        Subcommand("LISTPACK", 3...3, "<key>", "Show low level info about the listpack encoding of <key>.", run: printPack),
        Subcommand("LOADAOF", 2...2, "", "Flush the AOF buffers on disk and reload the AOF in memory.", run: loadAppendOnly),
        Subcommand("LOG", 3...3, "<message>", "Write <message> to the server log.", run: log),
        Subcommand("OBJECT", 3...4, "<key> [fast]", "Show low level info about `key` and associated value.", "With `fast`, nothing is measured that takes long.", run: showObject),
        Subcommand("OOM", 2...Int.max, "", "Crash the server simulating an out-of-memory error.", run: runOutOfMemory),
        Subcommand("PANIC", 2...Int.max, "", "Crash the server simulating a panic.", run: panic),
        Subcommand("PAUSE-CRON", 3...3, "<0|1>", "Stop periodic cron job processing.", run: pausePeriodicWork),
        Subcommand("POPULATE", 3...5, "<count> [<prefix>] [<size>]", "Create <count> string keys named key:<num>. If <prefix> is specified then", "it is used instead of the 'key' prefix.", run: populate),
        Subcommand("PROTOCOL", 3...3, "<type>", "Reply with a test value of the specified type. <type> can be: string,", "integer, double, bignum, null, array, set, map, attrib, push, verbatim,", "true, false.", run: replySample),
        Subcommand("QUICKLIST", 3...4, "<key> [<0|1>]", "Show low level info about the quicklist encoding of <key>.", "The optional argument (0 by default) sets the level of detail", run: printList),
        Subcommand("QUICKLIST-PACKED-THRESHOLD", 3...3, "<size>", "Sets the size from which elements of lists are stored in nodes of their own, which", "limits the size of all nodes. Setting to 0 restores the default, no limit.", run: setPackedThreshold),
        Subcommand("RELOAD", 2...5, "[<option> ...]", "Save the RDB on disk and reload it back to memory. Valid <option> values:", "* MERGE: conflicting keys will be loaded from RDB.", "* NOFLUSH: the existing database will not be removed before load, but", "  conflicting keys will generate an exception and kill the server.", "* NOSAVE: the database will be loaded from an existing RDB file.", run: reload),
        Subcommand("RESTART", 2...Int.max, "[<milliseconds>]", "Graceful restart: save config, restart after a <milliseconds> delay (default 0).", run: restart),
        Subcommand("SDSLEN", 3...3, "<key>", "Show low level string info representing `key` and value.", run: showStringLengths),
        Subcommand("SEGFAULT", 2...Int.max, "", "Crash the server with sigsegv.", run: faultSegment),
        Subcommand("SET-ACTIVE-EXPIRE", 3...3, "<0|1>", "Setting it to 0 disables expiring keys in background when they are not", "accessed (otherwise the Redis behavior). Setting it to 1 reenables back the", "default.", run: setActiveExpiry),
        Subcommand("SET-SKIP-CHECKSUM-VALIDATION", 3...3, "<0|1>", "Enables or disables checksum checks for RDB files and RESTORE's payload.", run: skipChecksums),
        Subcommand("SLEEP", 3...3, "<seconds>", "Stop the server for <seconds>. Decimals allowed.", run: sleep),
        Subcommand("STRINGMATCH-TEST", 2...2, "", "Run a fuzz tester against the matcher of glob patterns.", run: testPatterns),
        Subcommand("STRUCTSIZE", 2...2, "", "Return the size of the core structures.", run: showSizes),
    ]
}

extension DebugCommands {
    /// `DEBUG subcommand [word …]`.
    static func debug(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard isAllowed(call) else {
            throw .debug(.notAllowed)
        }
        let name = arguments[1]
        if arguments.count == 2, name.isWord("HELP") { return help(call) }
        let subcommand = subcommands.first {
            name.isWord($0.name) && $0.wordCounts.contains(arguments.count)
        }
        guard let subcommand else {
            throw .debug(.subcommand(name))
        }
        try subcommand.handler(arguments, call)
    }

    private static func isAllowed(_ call: AdminCall) -> Bool {
        switch call.server.options.debugPermission {
        case .everybody: true
        case .localClients: call.isLocal
        case .nobody: false
        }
    }

    /// `DEBUG HELP`.
    private static func help(_ call: AdminCall) {
        var lines = ["DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        for subcommand in subcommands {
            let words = subcommand.words
            lines.append("\(subcommand.name)" + (words.isEmpty ? "" : " " + words))
            lines += subcommand.help.map { "    " + $0 }
        }
        lines += ["HELP", "    Print this help."]
        call.reply.array(lines.count)
        for line in lines { call.reply.simple(string: line) }
    }

    /// Whether a word is a number other than zero, as parsed by C's `atoi`.
    static func isOn(_ word: Bytes) -> Bool { DecimalText.integer(word).map { $0 != 0 } ?? false }
}
