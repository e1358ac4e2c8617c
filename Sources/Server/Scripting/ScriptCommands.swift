internal import Commands
internal import Primitives
internal import Scripting
internal import Wire

/// EVAL and SCRIPT: scripts sent by clients, and the table of scripts that can be called again.
enum ScriptCommands {
    private static let keys = [KeySpec.counted(2, [.rw, .access, .update])]
    private static let readKeys = [KeySpec.counted(2, [.ro, .access])]
    private static let runs: CommandFlags = [
        .noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys, .runsScript,
    ]

    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("EVAL", arity: -3, runs, keys: keys, group: .scripting, since: "2.6.0", complexity: "Depends on the script", syntax: "script numkeys:i [@key...] [arg...]", summary: "Runs a Lua script.", waiting: run),
        AdminCommand("EVALSHA", arity: -3, runs.union(.namesScript), keys: keys, group: .scripting, since: "2.6.0", complexity: "Depends on the script", syntax: "sha1 numkeys:i [@key...] [arg...]", summary: "Runs a Lua script named by its digest.", waiting: run),
        AdminCommand("EVAL_RO", arity: -3, runs.union(.readonly), keys: readKeys, group: .scripting, since: "7.0.0", complexity: "Depends on the script", syntax: "script numkeys:i [@key...] [arg...]", summary: "Runs a Lua script that only reads.", waiting: run),
        AdminCommand("EVALSHA_RO", arity: -3, runs.union([.readonly, .namesScript]), keys: readKeys, group: .scripting, since: "7.0.0", complexity: "Depends on the script", syntax: "sha1 numkeys:i [@key...] [arg...]", summary: "Runs a Lua script that only reads, named by its digest.", waiting: run),
        AdminCommand("SCRIPT", arity: -2, [], group: .scripting, since: "2.6.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about Lua scripts.", help),
        AdminCommand("SCRIPT LOAD", arity: 3, [.noScript, .stale], group: .scripting, since: "2.6.0", complexity: "O(N) where N is the length of the script", syntax: "script", summary: "Adds a script, to be called by its digest, and returns the digest.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], load),
        AdminCommand("SCRIPT EXISTS", arity: -3, [.noScript], group: .scripting, since: "2.6.0", complexity: "O(N) where N is the number of digests", syntax: "sha1...", summary: "Returns which scripts the server knows.", tips: ["request_policy:all_shards", "response_policy:agg_logical_and"], exists),
        AdminCommand("SCRIPT SHOW", arity: 3, [.noScript], group: .scripting, since: "8.0.0", complexity: "O(1)", syntax: "sha1", summary: "Returns the text of a script.", show),
        AdminCommand("SCRIPT FLUSH", arity: -2, [.noScript], group: .scripting, since: "2.6.0", complexity: "O(N) where N is the number of scripts", syntax: "flush-type=[ASYNC | SYNC]", summary: "Removes all scripts.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], flush),
        AdminCommand("SCRIPT KILL", arity: 2, [.noScript, .allowBusy], group: .scripting, since: "2.6.0", complexity: "O(1)", syntax: "", summary: "Stops the running script, unless it has written.", tips: ["request_policy:all_shards", "response_policy:one_succeeded"], kill),
        AdminCommand("SCRIPT HELP", arity: 2, [.loading, .stale], group: .scripting, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of SCRIPT.", help),
    ]
}

extension ScriptCommands {
    /// `EVAL script numkeys [key …] [arg …]`: what the script returns.
    static func run(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        try call.worker.executor.runScript(arguments, call.session, call.connection)
    }

    /// `SCRIPT LOAD script`: its digest.
    static func load(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let executor = call.worker.executor
        let digest = ScriptDigest(of: arguments[2])
        guard executor.addScript(arguments[2], digest, isLoaded: true) != nil else {
            throw .script(.message(executor.scripts.message.bytes))
        }
        digest.text.withBytes { call.reply.bulk($0) }
    }

    /// `SCRIPT EXISTS sha1 …`: one or zero for each.
    static func exists(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            let digest = ScriptDigest(hexadecimal: arguments[index])
            call.reply.integer(digest.flatMap { call.server.scripts.find($0) } == nil ? 0 : 1)
        }
    }

    /// `SCRIPT SHOW sha1`: the text.
    static func show(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let digest = ScriptDigest(hexadecimal: arguments[2]),
            let script = call.server.scripts.find(digest)
        else { throw .script(.notShown) }
        script.text.withBytes { call.reply.bulk($0) }
    }

    /// `SCRIPT FLUSH [ASYNC | SYNC]`: OK.
    static func flush(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 3 else { throw .script(.flushMode) }
        if arguments.count == 3 {
            guard arguments[2].isWord("ASYNC") || arguments[2].isWord("SYNC") else {
                throw .script(.flushMode)
            }
        }
        call.server.scripts.removeAll()
        for worker in call.server.workers {
            worker.mailbox.put(.task { $0.executor.scripts.sweepThoroughly() })
        }
        call.reply.ok()
    }

    /// `SCRIPT KILL`: OK.
    static func kill(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try call.server.killScripts(isFunction: false)
        call.reply.ok()
    }

    /// `SCRIPT HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "EXISTS <sha1> [<sha1> ...]",
            "    Return information about the existence of the scripts in the script cache.",
            "FLUSH [ASYNC|SYNC]",
            "    Flush the Lua scripts cache. Very dangerous on replicas.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the scripts cache.",
            "    * SYNC: Synchronously flush the scripts cache.",
            "KILL",
            "    Kill the currently executing Lua script.",
            "LOAD <script>",
            "    Load a script into the scripts cache without executing it.",
            "SHOW <sha1>",
            "    Show a script in the scripts cache.",
            "HELP",
            "    Prints this help.",
        ])
    }
}
