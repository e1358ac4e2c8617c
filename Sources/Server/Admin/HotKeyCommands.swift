internal import Commands
internal import Primitives
internal import System
internal import Wire

/// HOTKEYS: the keys that cost the most.
enum HotKeyCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("HOTKEYS", arity: -2, [], group: .server, since: "8.6.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands for finding the most expensive keys.", help),
        AdminCommand("HOTKEYS START", arity: -2, [.admin, .noScript], group: .server, since: "8.6.0", complexity: "O(1)", syntax: "metrics=<METRICS count:i [CPU] [NET]> [COUNT k:i] [DURATION seconds:i] [SAMPLE ratio:i] [slots=<SLOTS count:i slot:i...>]", summary: "Starts measuring which keys cost the most.", tips: ["request_policy:special"], start),
        AdminCommand("HOTKEYS STOP", arity: 2, [.admin, .noScript], group: .server, since: "8.6.0", complexity: "O(1)", syntax: "", summary: "Stops measuring keys.", tips: ["request_policy:special"], stop),
        AdminCommand("HOTKEYS GET", arity: 2, [.admin, .noScript], group: .server, since: "8.6.0", complexity: "O(K) where K is the number of keys returned", syntax: "", summary: "Returns the keys that cost the most.", tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"], get),
        AdminCommand("HOTKEYS RESET", arity: 2, [.admin, .noScript], group: .server, since: "8.6.0", complexity: "O(1)", syntax: "", summary: "Discards the measurements of keys.", tips: ["request_policy:special"], reset),
        AdminCommand("HOTKEYS HELP", arity: 2, [.loading, .stale], group: .server, since: "8.6.1", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of HOTKEYS.", help),
    ]

    private static let countMax = 64
}

extension HotKeyCommands {
    /// `HOTKEYS START METRICS count [CPU] [NET] [COUNT k] [DURATION seconds] [SAMPLE ratio]`: OK.
    static func start(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let plan = try plan(arguments)
        guard call.server.hotKeys.start(plan, now: Clock.unixMilliseconds()) else {
            return call.refuse("ERR hotkeys tracking session already in progress")
        }
        call.server.postHotKeys(isOn: true)
        call.reply.ok()
    }

    private static func plan(_ arguments: Arguments) throws(CommandError) -> HotKeys.Plan {
        var plan = HotKeys.Plan()
        var metrics: Int64?
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            let hasValue = index + 1 < arguments.count
            if word.isWord("CPU"), metrics != nil {
                plan.countsTime = true
            } else if word.isWord("NET"), metrics != nil {
                plan.countsBytes = true
            } else if hasValue, word.isWord("METRICS"), metrics == nil {
                index += 1
                metrics = try arguments.integer(index)
            } else if hasValue, word.isWord("COUNT") {
                index += 1
                plan.count = try number(arguments, index, 1...Int64(countMax))
            } else if hasValue, word.isWord("DURATION") {
                index += 1
                plan.duration = Int64(try number(arguments, index, 0...1_000_000_000)) * 1000
            } else if hasValue, word.isWord("SAMPLE") {
                index += 1
                plan.ratio = try number(arguments, index, 1...Int64(Int32.max))
            } else if word.isWord("SLOTS") {
                throw .server(.slotsWithoutCluster)
            } else {
                throw .syntax
            }
            index += 1
        }
        let given = (plan.countsTime ? 1 : 0) + (plan.countsBytes ? 1 : 0)
        guard let metrics, given > 0, metrics == Int64(given) else {
            throw .server(.hotKeyMetrics)
        }
        return plan
    }

    private static func number(
        _ arguments: Arguments,
        _ index: Int,
        _ range: ClosedRange<Int64>
    ) throws(CommandError) -> Int {
        let number = try arguments.integer(index)
        guard range.contains(number) else { throw .valueRange }
        return Int(number)
    }

    /// `HOTKEYS STOP`: OK, or null if no tracking is in progress.
    static func stop(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.hotKeys.stop(now: Clock.unixMilliseconds()) else {
            return call.reply.null()
        }
        call.server.postHotKeys(isOn: false)
        call.reply.ok()
    }

    /// `HOTKEYS RESET`: OK.
    static func reset(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.hotKeys.reset() else {
            return call.refuse("ERR hotkeys tracking session in progress, stop tracking first")
        }
        call.reply.ok()
    }

    /// `HOTKEYS GET`: a map of the results, or null.
    static func get(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let now = Clock.unixMilliseconds()
        call.server.endHotKeys(now: now)
        guard let found = call.server.hotKeys.found else { return call.reply.null() }
        let processor = found.processorAtEnd ?? .ownProcess
        let start = found.processorAtStart
        let plan = found.plan
        call.reply.map(7 + (plan.countsTime ? 3 : 0) + (plan.countsBytes ? 1 : 0))
        call.reply.pair("tracking-active", found.endedAt == nil ? 1 : 0)
        call.reply.pair("sample-ratio", Int64(plan.ratio))
        call.reply.bulk("selected-slots")
        call.reply.array(0)
        call.reply.pair("all-commands-all-slots-us", Int64(found.time))
        call.reply.pair("net-bytes-all-commands-all-slots", Int64(clamping: found.bytes))
        call.reply.pair("collection-start-time-unix-ms", found.startedAt)
        call.reply.pair("collection-duration-ms", (found.endedAt ?? now) - found.startedAt)
        if plan.countsTime {
            call.reply.pair("total-cpu-time-user-ms", (processor.user - start.user) / 1000)
            call.reply.pair("total-cpu-time-sys-ms", (processor.system - start.system) / 1000)
            call.reply.keys("by-cpu-time-us", found.byTime.top(plan.count))
        }
        if plan.countsBytes { call.reply.keys("by-net-bytes", found.byBytes.top(plan.count)) }
    }

    /// `HOTKEYS HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "HOTKEYS <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "START METRICS <count> [CPU] [NET] [COUNT <k>] [DURATION <seconds>] [SAMPLE <ratio>]",
            "    Start tracking the keys that cost the most processor time or network bytes.",
            "STOP",
            "    Stop tracking and keep the results.",
            "GET",
            "    Return the results.",
            "RESET",
            "    Discard the results.",
            "HELP",
            "    Print this help.",
        ])
    }
}

extension Instance {
    /// Stops tracking if its duration is over at `now`.
    func endHotKeys(now: Int64) {
        guard hotKeys.isOver(now: now), hotKeys.stop(now: now) else { return }
        postHotKeys(isOn: false)
    }

    /// Turns the tracking of all commands on or off.
    func postHotKeys(isOn: Bool) {
        bulletin.post(Bulletin.Notice(alerts: isOn ? .hotKeys : []), by: .hotKeys)
    }
}

extension ReplyWriter {
    fileprivate mutating func pair(_ name: StaticString, _ value: Int64) {
        bulk(name)
        integer(value)
    }

    fileprivate mutating func keys(
        _ name: StaticString,
        _ keys: [(key: [UInt8], amount: UInt64)]
    ) {
        bulk(name)
        array(keys.count * 2)
        for (key, amount) in keys {
            key.withBytes { bulk($0) }
            integer(Int64(clamping: amount))
        }
    }
}
