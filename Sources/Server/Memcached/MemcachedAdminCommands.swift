internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Requests of memcached's text protocol about the server and the connection.
enum MemcachedAdminCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MEMCACHED.FLUSH_ALL", arity: -1, [.memcached, .write, .noScript, .noMulti, .locksItself], group: .server, categories: ["dangerous"], since: "1.0", complexity: "O(N) where N is the number of keys", syntax: "", summary: "Removes all keys of database 0, now or later, for a client of memcached's protocols.", isInternal: true, flush),
        AdminCommand("MEMCACHED.VERSION", arity: -1, [.memcached, .loading, .stale, .noScript, .noMulti, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Returns the version of memcached that the server emulates.", isInternal: true, tellVersion),
        AdminCommand("MEMCACHED.VERBOSITY", arity: -1, [.memcached, .admin, .noScript, .noMulti, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Sets the log level, for a client of memcached's protocols.", isInternal: true, setVerbosity),
        AdminCommand("MEMCACHED.STATS", arity: -1, [.memcached, .noScript, .noMulti, .locksItself], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Returns statistics to a client of memcached's protocols.", isInternal: true, waiting: MemcachedStatsCommands.tell),
        AdminCommand("MEMCACHED.QUIT", arity: -1, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .fast], group: .connection, since: "1.0", complexity: "O(1)", syntax: "", summary: "Closes the connection of a client of memcached's protocols.", isInternal: true, quit),
        AdminCommand("MEMCACHED.SHUTDOWN", arity: -1, [.memcached, .admin, .noScript, .noMulti, .stopsWorld], group: .server, since: "1.0", complexity: "O(N) where N is the number of keys to save", syntax: "", summary: "Shuts the server down for a client of memcached's protocols, if the configuration allows it.", isInternal: true, shutDown),
        AdminCommand("MEMCACHED.CACHE_MEMLIMIT", arity: -1, [.memcached, .admin, .noScript, .noMulti, .stopsWorld], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Sets maxmemory for a client of memcached's protocols.", isInternal: true, boundMemory),
        AdminCommand("MEMCACHED.SLABS", arity: -1, [.memcached, .admin, .noScript, .noMulti, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Accepts memcached's settings of slabs, without effect.", isInternal: true, tuneSlabs),
        AdminCommand("MEMCACHED.LRU", arity: -1, [.memcached, .admin, .noScript, .noMulti, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Accepts memcached's settings of its LRU queues, without effect.", isInternal: true, tuneQueues),
        AdminCommand("MEMCACHED.LRU_CRAWLER", arity: -1, [.memcached, .admin, .noScript, .noMulti], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Lists items, or accepts memcached's settings of its LRU crawler, without effect.", isInternal: true, waiting: crawl),
        AdminCommand("MEMCACHED.WATCH", arity: -1, [.memcached, .admin, .noScript, .noMulti, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Streams logs to a client of memcached's protocols.", isInternal: true, watch),
        AdminCommand("MEMCACHED.REFRESH_CERTS", arity: -1, [.memcached, .admin, .noScript, .noMulti, .fast], group: .server, since: "1.0", complexity: "O(1)", syntax: "", summary: "Rejects a request to reload certificates from a client of memcached's protocols.", isInternal: true, refreshCertificates),
        AdminCommand("MEMCACHED.AUTHENTICATE", arity: 2, [.memcached, .loading, .stale, .noScript, .noMulti, .noAuth, .skipMonitor, .skipSlowLog, .fast], secrets: .from(1), group: .connection, since: "1.0", complexity: "O(1)", syntax: "", summary: "Authenticates a client of memcached's protocols.", isInternal: true, authenticate),
    ]
}

extension MemcachedAdminCommands {
    static let badLine: StaticString = "CLIENT_ERROR bad command line format"

    /// Whether the last word asks for silence.
    private static func isQuiet(_ arguments: Arguments) -> Bool {
        arguments.count > 1 && arguments[arguments.count - 1] == Bytes("noreply")
    }

    /// `flush_all [delay] [noreply]`.
    static func flush(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 3 else { return call.reply.memcachedLine("ERROR") }
        let isQuiet = isQuiet(arguments)
        guard call.server.options.memcached.allowsFlush else {
            return call.reply.memcachedLine(
                "CLIENT_ERROR flush_all not allowed",
                unless: isQuiet
            )
        }
        var delay: Int64 = 0
        if arguments.count - (isQuiet ? 1 : 0) > 1 {
            guard let seconds = MemcachedNumber.signed(arguments[1]) else {
                return call.reply.memcachedLine(
                    "CLIENT_ERROR invalid exptime argument",
                    unless: isQuiet
                )
            }
            delay = seconds
        }
        call.worker.executor.context.memcachedStatistics.add(.flushes)
        try MemcachedFlush.flush(after: delay, call)
        call.reply.memcachedLine("OK", unless: isQuiet)
    }

    /// `version`.
    static func tellVersion(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.raw(Bytes("VERSION "))
        call.reply.raw(Bytes(Version.memcached))
        call.reply.memcachedLine("")
    }

    /// `verbosity level [noreply]`: 0 logs as configured at first, 1 more, 2 all.
    static func setVerbosity(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count == 2 || arguments.count == 3 else {
            return call.reply.memcachedLine("ERROR")
        }
        let isQuiet = isQuiet(arguments)
        guard let level = MemcachedNumber.unsigned(arguments[1]) else {
            return call.reply.memcachedLine(badLine, unless: isQuiet)
        }
        let names = [call.server.options.logLevel, "verbose", "debug"]
        if let shown = LogLevel(name: names[Int(min(level, 2))]) {
            call.server.log.show(from: shown)
        }
        call.reply.memcachedLine("OK", unless: isQuiet)
    }

    /// `quit`.
    static func quit(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.connection?.state.insert(.closesAfterReply)
    }

    /// `shutdown [graceful]`.
    static func shutDown(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.options.memcached.allowsShutdown else {
            return call.reply.memcachedLine("ERROR: shutdown not enabled")
        }
        guard arguments.count == 1 || arguments.count == 2 && arguments[1] == Bytes("graceful")
        else { return call.reply.memcachedLine("CLIENT_ERROR invalid shutdown mode") }
        call.worker.shutDown()
    }

    /// The least memory limit, in megabytes.
    private static let memoryMin: UInt64 = 8

    /// `cache_memlimit megabytes [noreply]`.
    static func boundMemory(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count == 2 || arguments.count == 3 else {
            return call.reply.memcachedLine("ERROR")
        }
        let isQuiet = isQuiet(arguments)
        guard let megabytes = MemcachedNumber.unsigned(arguments[1]), megabytes < 1 << 40 else {
            return call.reply.memcachedLine("ERROR", unless: isQuiet)
        }
        guard megabytes >= memoryMin else {
            return call.reply.memcachedLine(
                "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m",
                unless: isQuiet
            )
        }
        let server = call.server
        let isSet = server.exclusively(call.worker) {
            do throws(ConfigurationError) {
                let value = Array("\(megabytes)mb".utf8)
                try server.configuration.set([("maxmemory", value)], isLocal: call.isLocal)
                server.publish()
                return true
            } catch {
                return false
            }
        }
        call.reply.memcachedLine(
            isSet ? "OK" : "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust",
            unless: isQuiet
        )
    }

    // MARK: Parts of memcached that do not exist here

    /// `slabs reassign source target`, `slabs automove mode`.
    static func tuneSlabs(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        if arguments.count == 4, arguments[1] == Bytes("reassign") {
            let areNumbers =
                MemcachedNumber.signed(arguments[2]) != nil
                && MemcachedNumber.signed(arguments[3]) != nil
            return call.reply.memcachedLine(
                areNumbers ? "NOSPARE source class has no spare pages" : badLine
            )
        }
        guard arguments.count >= 3, arguments[1] == Bytes("automove") else {
            return call.reply.memcachedLine("ERROR")
        }
        let isRatio =
            arguments[2] == Bytes("ratio") || arguments[2] == Bytes("freeratio")
            || arguments[2] == Bytes("window")
        let mode = MemcachedNumber.unsigned(arguments[2])
        let isMode = mode.map { $0 <= 2 } ?? (isRatio && arguments.count == 4)
        call.reply.memcachedLine(isMode ? "OK" : "ERROR")
    }

    /// `lru tune …`, `lru mode flat|segmented`, `lru temp_ttl seconds`.
    static func tuneQueues(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count >= 3 else { return call.reply.memcachedLine("ERROR") }
        if arguments[1] == Bytes("tune"), arguments.count >= 6 {
            guard let hot = MemcachedNumber.unsigned(arguments[2]),
                let warm = MemcachedNumber.unsigned(arguments[3])
            else { return call.reply.memcachedLine("ERROR") }
            return call.reply.memcachedLine(
                hot <= 80 && warm <= 80 && hot + warm <= 80
                    ? "OK" : "ERROR hot and warm pcts must not exceed 80"
            )
        }
        let isMode =
            arguments[1] == Bytes("mode")
            && (arguments[2] == Bytes("flat") || arguments[2] == Bytes("segmented"))
        let isTime =
            arguments[1] == Bytes("temp_ttl") && MemcachedNumber.signed(arguments[2]) != nil
        call.reply.memcachedLine(isMode || isTime ? "OK" : "ERROR")
    }

    /// The largest number of a class.
    static let classMax: UInt64 = 63

    /// `lru_crawler metadump|mgdump classes`: a line for each item, all of which are of class 1.
    ///
    /// `lru_crawler enable|disable|sleep n|tocrawl n|crawl classes`: what is due is removed here
    /// without being told to.
    static func crawl(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        let word = arguments.count > 1 ? arguments[1] : Bytes()
        let isFacts = word == Bytes("metadump")
        guard arguments.count == 3, isFacts || word == Bytes("mgdump") else {
            tuneCrawler(arguments, call)
            return .done
        }
        guard call.server.options.memcached.allowsDump else {
            call.reply.memcachedLine(
                isFacts ? "ERROR metadump not allowed" : "ERROR mgdump not allowed"
            )
            return .done
        }
        guard let includesFirst = classes(arguments[2]) else {
            call.reply.memcachedLine("BADCLASS invalid class id")
            return .done
        }
        if includesFirst, call.walk(isFacts ? .facts : .requests) == nil {
            return .waits(call.nextSlice)
        }
        call.reply.memcachedLine(isFacts ? "END" : "EN")
        return .done
    }

    /// Whether class 1 is among those that `word` lists, or nil if these are no classes.
    private static func classes(_ word: Bytes) -> Bool? {
        if word == Bytes("all") || word == Bytes("hash") { return true }
        var includesFirst = false
        for part in word.array.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            guard let number = Array(part).withBytes({ MemcachedNumber.unsigned($0) }),
                (1...classMax).contains(number)
            else { return nil }
            if number == 1 { includesFirst = true }
        }
        return includesFirst
    }

    private static func tuneCrawler(_ arguments: Arguments, _ call: AdminCall) {
        guard arguments.count >= 2 else { return call.reply.memcachedLine("ERROR") }
        let word = arguments[1]
        if arguments.count == 2 {
            let isSwitch = word == Bytes("enable") || word == Bytes("disable")
            return call.reply.memcachedLine(isSwitch ? "OK" : "ERROR")
        }
        guard arguments.count == 3 else { return call.reply.memcachedLine("ERROR") }
        if word == Bytes("sleep") || word == Bytes("tocrawl") {
            return call.reply.memcachedLine(
                MemcachedNumber.unsigned(arguments[2]) == nil ? badLine : "OK"
            )
        }
        guard word == Bytes("crawl") else { return call.reply.memcachedLine("ERROR") }
        call.reply.memcachedLine(
            classes(arguments[2]) == nil ? "BADCLASS invalid class id" : "OK"
        )
    }

    /// `watch [stream …]`: fetchers if none is named.
    static func watch(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.options.memcached.allowsWatch, let connection = call.connection else {
            return call.reply.memcachedLine("CLIENT_ERROR watch commands not allowed")
        }
        var streams: WatchStreams = arguments.count == 1 ? .fetchers : []
        for index in 1..<max(1, arguments.count) {
            guard let stream = WatchStreams(named: arguments[index]) else {
                return call.reply.memcachedLine("ERROR")
            }
            streams.formUnion(stream)
        }
        call.reply.memcachedLine("OK")
        call.worker.beginWatching(connection, streams)
    }

    /// `refresh_certs`.
    static func refreshCertificates(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) { call.reply.memcachedLine("Error TLS not enabled") }

    // MARK: Authentication

    /// The name and the password of a user, with a space in between.
    static func authenticate(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let words = arguments[1]
        call.worker.executor.context.memcachedStatistics.add(.authentications)
        guard let space = words.firstIndex(of: UInt8(ascii: " ")), space > 0,
            space + 1 < words.count
        else {
            call.worker.executor.context.memcachedStatistics.add(.authenticationFailures)
            return call.reply.memcachedLine("CLIENT_ERROR bad authentication token format")
        }
        do throws(CommandError) {
            try call.admitToMemcached(
                words[0..<space],
                password: words.dropFirst(space + 1),
                by: arguments[0]
            )
            call.reply.memcachedLine("STORED")
        } catch {
            call.worker.executor.context.memcachedStatistics.add(.authenticationFailures)
            call.reply.memcachedLine("CLIENT_ERROR authentication failure")
        }
    }
}
