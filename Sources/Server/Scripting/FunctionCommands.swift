internal import Commands
internal import Persistence
internal import Primitives
internal import Scripting
internal import Structures
internal import Wire

/// FCALL and FUNCTION: functions, which belong to libraries and are saved with the data.
enum FunctionCommands {
    private static let keys = [KeySpec.counted(2, [.rw, .access, .update])]
    private static let readKeys = [KeySpec.counted(2, [.ro, .access])]
    private static let calls: CommandFlags = [
        .noScript, .stale, .skipMonitor, .noMandatoryKeys, .movableKeys, .runsScript,
        .callsFunction,
    ]
    private static let everywhere: [StaticString] = [
        "request_policy:all_shards", "response_policy:all_succeeded",
    ]

    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("FCALL", arity: -3, calls, keys: keys, group: .scripting, since: "7.0.0", complexity: "Depends on the function", syntax: "function numkeys:i [@key...] [arg...]", summary: "Calls a function.", waiting: call),
        AdminCommand("FCALL_RO", arity: -3, calls.union(.readonly), keys: readKeys, group: .scripting, since: "7.0.0", complexity: "Depends on the function", syntax: "function numkeys:i [@key...] [arg...]", summary: "Calls a function that only reads.", waiting: call),
        AdminCommand("FUNCTION", arity: -2, [], group: .scripting, since: "7.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about functions.", help),
        AdminCommand("FUNCTION LOAD", arity: -3, [.write, .denyOOM, .noScript], group: .scripting, since: "7.0.0", complexity: "O(N) where N is the length of the code", syntax: "[REPLACE] function-code", summary: "Adds a library and returns its name.", tips: everywhere, load),
        AdminCommand("FUNCTION DELETE", arity: 3, [.write, .noScript], group: .scripting, since: "7.0.0", complexity: "O(1)", syntax: "library-name", summary: "Deletes a library and its functions.", tips: everywhere, delete),
        AdminCommand("FUNCTION FLUSH", arity: -2, [.write, .noScript], group: .scripting, since: "7.0.0", complexity: "O(N) where N is the number of functions", syntax: "flush-type=[ASYNC | SYNC]", summary: "Deletes all libraries.", tips: everywhere, flush),
        AdminCommand("FUNCTION LIST", arity: -2, [.noScript], group: .scripting, since: "7.0.0", complexity: "O(N) where N is the number of functions", syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]", summary: "Describes all libraries, or those whose names match.", tips: ["nondeterministic_output_order"], list),
        AdminCommand("FUNCTION STATS", arity: 2, [.noScript, .allowBusy], group: .scripting, since: "7.0.0", complexity: "O(1)", syntax: "", summary: "Returns the running function, and how many functions there are.", tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], stats),
        AdminCommand("FUNCTION DUMP", arity: 2, [.noScript], group: .scripting, since: "7.0.0", complexity: "O(N) where N is the number of functions", syntax: "", summary: "Returns all libraries in a form for FUNCTION RESTORE.", dump),
        AdminCommand("FUNCTION RESTORE", arity: -3, [.write, .denyOOM, .noScript], group: .scripting, since: "7.0.0", complexity: "O(N) where N is the number of functions", syntax: "serialized-value policy=[FLUSH | APPEND | REPLACE]", summary: "Adds the libraries returned by FUNCTION DUMP.", tips: everywhere, restore),
        AdminCommand("FUNCTION KILL", arity: 2, [.noScript, .allowBusy], group: .scripting, since: "7.0.0", complexity: "O(1)", syntax: "", summary: "Stops the running function, unless it has written.", tips: ["request_policy:all_shards", "response_policy:one_succeeded"], kill),
        AdminCommand("FUNCTION HELP", arity: 2, [.loading, .stale], group: .scripting, since: "7.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of FUNCTION.", help),
    ]
}

extension FunctionCommands {
    /// `FCALL function numkeys [key …] [arg …]`: what the function returns.
    static func call(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        try call.worker.executor.callFunction(arguments, call.session, call.connection)
    }

    /// `FUNCTION LOAD [REPLACE] code`: the library's name.
    static func load(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let replaces = arguments.count > 3
        for index in 2..<arguments.count - 1 where !arguments[index].isWord("REPLACE") {
            throw .script(.option(arguments[index]))
        }
        let library = try call.worker.executor.makeLibrary(arguments[arguments.count - 1])
        try call.add([library], replaces ? .replace : .append)
        call.worker.executor.noteFunctionChange(arguments)
        library.name.withBytes { call.reply.bulk($0) }
    }

    /// `FUNCTION DELETE library`: OK.
    static func delete(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.functions.remove(arguments[2].array) else {
            throw .script(.libraryUnknown)
        }
        call.sweep()
        call.worker.executor.noteFunctionChange(arguments)
        call.reply.ok()
    }

    /// `FUNCTION FLUSH [ASYNC | SYNC]`: OK.
    static func flush(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isKnown =
            arguments.count == 2
            || arguments.count == 3
                && (arguments[2].isWord("ASYNC") || arguments[2].isWord("SYNC"))
        guard isKnown else { throw .script(.functionFlushMode) }
        try call.add([], .flush)
        call.worker.executor.noteFunctionChange(arguments)
        call.reply.ok()
    }

    /// `FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]`: a map for each library.
    static func list(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        var pattern: Bytes?
        var showsCode = false
        var index = 2
        while index < arguments.count {
            if arguments[index].isWord("WITHCODE"), !showsCode {
                showsCode = true
            } else if arguments[index].isWord("LIBRARYNAME"), pattern == nil {
                guard index + 1 < arguments.count else { throw .script(.noPattern) }
                index += 1
                pattern = arguments[index]
            } else {
                throw .script(.argument(arguments[index]))
            }
            index += 1
        }
        let libraries = call.server.functions.libraries.filter { library in
            guard let pattern else { return true }
            return library.name.withBytes {
                GlobPattern(pattern, ignoresCase: true).matches($0)
            }
        }
        call.reply.array(libraries.count)
        for library in libraries { describe(library, showsCode: showsCode, call) }
    }

    private static func describe(_ library: FunctionLibrary, showsCode: Bool, _ call: AdminCall) {
        call.reply.map(showsCode ? 4 : 3)
        call.reply.bulk("library_name")
        library.name.withBytes { call.reply.bulk($0) }
        call.reply.bulk("engine")
        call.reply.bulk("LUA")
        call.reply.bulk("functions")
        call.reply.array(library.functions.count)
        for function in library.functions {
            call.reply.map(3)
            call.reply.bulk("name")
            function.name.withBytes { call.reply.bulk($0) }
            call.reply.bulk("description")
            if function.description.isEmpty {
                call.reply.null()
            } else {
                function.description.withBytes { call.reply.bulk($0) }
            }
            call.reply.bulk("flags")
            let flags = ScriptHeader.Flags.names.filter { function.flags.contains($0.0) }
            call.reply.set(flags.count)
            for (_, name) in flags { call.reply.simple(name) }
        }
        guard showsCode else { return }
        call.reply.bulk("library_code")
        library.code.withBytes { call.reply.bulk($0) }
    }

    /// `FUNCTION STATS`: the function that runs, and the number of libraries and functions.
    ///
    /// As in Redis, it is refused while a script that is no function is busy.
    static func stats(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.busyScripts.isFunction != false else { throw .script(.busyScript) }
        let running = call.server.workers.compactMap { $0.executor.scripts.running.shown }
            .first { $0.isFunction }
        call.reply.map(2)
        call.reply.bulk("running_script")
        if let running {
            call.reply.map(3)
            call.reply.bulk("name")
            running.name.withBytes { call.reply.bulk($0) }
            call.reply.bulk("command")
            call.reply.array(running.words.count)
            for word in running.words { word.withBytes { call.reply.bulk($0) } }
            call.reply.bulk("duration_ms")
            call.reply.integer(max(0, Clock.unixMilliseconds() - running.startedAt))
        } else {
            call.reply.null()
        }
        let libraries = call.server.functions.libraries
        call.reply.bulk("engines")
        call.reply.map(1)
        call.reply.bulk("LUA")
        call.reply.map(2)
        call.reply.bulk("libraries_count")
        call.reply.integer(libraries.count)
        call.reply.bulk("functions_count")
        call.reply.integer(libraries.reduce(0) { $0 + $1.functions.count })
    }

    /// `FUNCTION DUMP`: all libraries, in the format of RDB.
    static func dump(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let codes = call.server.functions.libraries.map { $0.code }
        DumpPayload.seal(functions: codes).withBytes { call.reply.bulk($0) }
    }

    /// `FUNCTION RESTORE payload [FLUSH | APPEND | REPLACE]`: OK.
    static func restore(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 4 else { throw .script(.functionWords(arguments[1])) }
        var policy = FunctionTable.Policy.append
        if arguments.count == 4 {
            if arguments[3].isWord("FLUSH") {
                policy = .flush
            } else if arguments[3].isWord("REPLACE") {
                policy = .replace
            } else if !arguments[3].isWord("APPEND") {
                throw .script(.restorePolicy)
            }
        }
        guard let codes = DumpPayload.functions(in: arguments[2]) else {
            throw .key(.restoredPayload)
        }
        var libraries: [FunctionLibrary] = []
        for code in codes {
            libraries.append(
                try code.withBytes { (code) throws(CommandError) in
                    try call.worker.executor.makeLibrary(code)
                }
            )
        }
        try call.add(libraries, policy)
        call.worker.executor.noteFunctionChange(arguments)
        call.reply.ok()
    }

    /// `FUNCTION KILL`: OK.
    static func kill(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try call.server.killScripts(isFunction: true)
        call.reply.ok()
    }

    /// `FUNCTION HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "FUNCTION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "LOAD [REPLACE] <FUNCTION CODE>",
            "    Create a new library with the given library name and code.",
            "DELETE <LIBRARY NAME>",
            "    Delete the given library.",
            "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
            "    Return general information on all the libraries:",
            "    * Library name",
            "    * The engine used to run the Library",
            "    * Library description",
            "    * Functions list",
            "    * Library code (if WITHCODE is given)",
            """
                It also possible to get only function that matches a pattern using \
            LIBRARYNAME argument.
            """,
            "STATS",
            "    Return information about the current function running:",
            "    * Function name",
            "    * Command used to run the function",
            "    * Duration in MS that the function is running",
            "    If no function is running, return nil",
            "    In addition, returns a list of available engines.",
            "KILL",
            "    Kill the current running function.",
            "FLUSH [ASYNC|SYNC]",
            "    Delete all the libraries.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the libraries.",
            "    * SYNC: Synchronously flush the libraries.",
            "DUMP",
            """
                Return a serialized payload representing the current libraries, can be \
            restored using FUNCTION RESTORE command
            """,
            "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
            """
                Restore the libraries represented by the given payload, it is possible to \
            give a restore policy to
            """,
            "    control how to handle existing libraries (default APPEND):",
            "    * FLUSH: delete all existing libraries.",
            """
                * APPEND: appends the restored libraries to the existing libraries. On \
            collision, abort.
            """,
            """
                * REPLACE: appends the restored libraries to the existing libraries, On \
            collision, replace the old
            """,
            """
                  libraries with the new libraries (notice that even on this option there \
            is a chance of failure
            """,
            "      in case of functions name collision with another library).",
            "HELP",
            "    Prints this help.",
        ])
    }
}

extension AdminCall {
    /// Adds libraries, and makes all workers drop removed ones.
    fileprivate func add(
        _ libraries: [FunctionLibrary],
        _ policy: FunctionTable.Policy
    ) throws(CommandError) {
        do throws(FunctionTable.Failure) {
            try server.functions.insert(libraries, policy)
        } catch {
            throw worker.executor.failure(error)
        }
        sweep()
    }

    fileprivate func sweep() {
        for worker in server.workers {
            worker.mailbox.put(.task { $0.executor.scripts.sweepLibraries() })
        }
    }
}

extension Executor {
    /// Counts a change of the libraries, and logs the request that made it.
    fileprivate func noteFunctionChange(_ arguments: Arguments) {
        context.changedDefinitions(by: arguments)
    }
}
