internal import Commands
internal import Primitives
internal import System
internal import Wire

/// CLIENT: describing, naming and closing connections.
enum ClientCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("CLIENT", arity: -2, [], group: .connection, since: "2.4.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about connections.", help),
        AdminCommand("CLIENT ID", arity: 2, [.noScript, .loading, .stale], group: .connection, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Returns the id of the connection.", id),
        AdminCommand("CLIENT INFO", arity: 2, [.noScript, .loading, .stale], group: .connection, since: "6.2.0", complexity: "O(1)", syntax: "", summary: "Describes the connection in one line.", tips: ["nondeterministic_output"], info),
        AdminCommand("CLIENT LIST", arity: -2, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .connection, since: "2.4.0", complexity: "O(N) where N is the number of connections", syntax: "[TYPE client-type=(NORMAL | MASTER | REPLICA | PUBSUB)] [ID client-id:i...] [USER username] [ADDR addr] [LADDR laddr] [SKIPME skipme=(YES | NO)] [MAXAGE maxage:i] [NAME name] [IDLE idle:i] [FLAGS flags] [LIB-NAME lib-name] [LIB-VER lib-ver] [DB db:i] [CAPA capa] [IP ip] [NOT-TYPE not-client-type=(NORMAL | MASTER | REPLICA | PUBSUB)] [NOT-ID not-client-id:i...] [NOT-USER not-username] [NOT-ADDR not-addr] [NOT-LADDR not-laddr] [NOT-NAME not-name] [NOT-FLAGS not-flags] [NOT-LIB-NAME not-lib-name] [NOT-LIB-VER not-lib-ver] [NOT-DB not-db:i] [NOT-CAPA not-capa] [NOT-IP not-ip]", summary: "Describes all connections, or some, one per line.", tips: ["nondeterministic_output"], waiting: list),
        AdminCommand("CLIENT GETNAME", arity: 2, [.noScript, .loading, .stale], group: .connection, since: "2.6.9", complexity: "O(1)", syntax: "", summary: "Returns the name of the connection.", name),
        AdminCommand("CLIENT SETNAME", arity: 3, [.noScript, .loading, .stale], group: .connection, since: "2.6.9", complexity: "O(1)", syntax: "connection-name", summary: "Names the connection.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], setName),
        AdminCommand("CLIENT SETINFO", arity: 4, [.noScript, .loading, .stale], group: .connection, since: "7.2.0", complexity: "O(1)", syntax: "attr=(LIB-NAME libname | LIB-VER libver)", summary: "Records the name and version of the client's library.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], setInfo),
        AdminCommand("CLIENT KILL", arity: -3, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .connection, since: "2.4.0", complexity: "O(N) where N is the number of connections", syntax: "filter=(old-format | new-format=(ID client-id:i... | TYPE client-type=(NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB) | USER username | ADDR addr | LADDR laddr | SKIPME skipme=(YES | NO) | MAXAGE maxage:i | NAME name | IDLE idle:i | FLAGS flags | LIB-NAME lib-name | LIB-VER lib-ver | DB db:i | CAPA capa | IP ip | NOT-TYPE not-client-type=(NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB) | NOT-ID not-client-id:i... | NOT-USER not-username | NOT-ADDR not-addr | NOT-LADDR not-laddr | NOT-NAME not-name | NOT-FLAGS not-flags | NOT-LIB-NAME not-lib-name | NOT-LIB-VER not-lib-ver | NOT-DB not-db:i | NOT-CAPA not-capa | NOT-IP not-ip)...)", summary: "Closes connections.", waiting: kill),
        AdminCommand("CLIENT PAUSE", arity: -3, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .connection, since: "3.0.0", complexity: "O(1)", syntax: "timeout:i [mode=(WRITE | ALL)]", summary: "Suspends all requests, or those that write, for some milliseconds.", pause),
        AdminCommand("CLIENT UNPAUSE", arity: 2, [.admin, .noScript, .loading, .stale], group: .connection, since: "6.2.0", complexity: "O(N) where N is the number of paused clients", syntax: "", summary: "Ends a pause and runs the suspended requests.", unpause),
        AdminCommand("CLIENT UNBLOCK", arity: -3, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .connection, since: "5.0.0", complexity: "O(N) where N is the number of connections", syntax: "client-id:i [unblock-type=(TIMEOUT | ERROR)]", summary: "Unblocks a connection that is waiting in a blocking command.", waiting: unblock),
        AdminCommand("CLIENT REPLY", arity: 3, [.noScript, .loading, .stale], group: .connection, since: "3.2.0", complexity: "O(1)", syntax: "action=(ON | OFF | SKIP)", summary: "Sets which commands of the connection get a reply.", reply),
        AdminCommand("CLIENT NO-TOUCH", arity: 3, [.noScript, .loading, .stale], group: .connection, since: "7.2.0", complexity: "O(1)", syntax: "enabled=(ON | OFF)", summary: "Sets whether the connection's commands count as accesses to keys.", noTouch),
        AdminCommand("CLIENT NO-EVICT", arity: 3, [.admin, .noScript, .loading, .stale], group: .connection, since: "7.0.0", complexity: "O(1)", syntax: "enabled=(ON | OFF)", summary: "Sets whether the connection may be closed to free memory.", noEvict),
        AdminCommand("CLIENT IMPORT-SOURCE", arity: 3, [.noScript, .loading, .stale], group: .connection, since: "8.1.0", complexity: "O(1)", syntax: "enabled=(ON | OFF)", summary: "Sets whether the connection imports data: keys do not expire for it in import mode.", importSource),
        AdminCommand("CLIENT CAPA", arity: -3, [.noScript, .loading, .stale, .allowBusy], group: .connection, since: "8.0.0", complexity: "O(1)", syntax: "capability...", summary: "Declares what the client is capable of.", capabilities),
        AdminCommand("CLIENT HELP", arity: 2, [.loading, .stale], group: .connection, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of CLIENT.", help),
    ]
}

extension ClientCommands {
    /// `CLIENT ID`.
    static func id(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.integer(Int64(call.session.id))
    }

    /// `CLIENT INFO`.
    static func info(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let line = call.connection.map { ClientLine.text($0, on: call.worker) + "\n" }
        call.reply.verbatim(line ?? "")
    }

    /// `CLIENT LIST [filter value …]`.
    static func list(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        let filter = try ClientFilter(listing: arguments, call.server.access)
        guard let survey = survey(.list, filter, call) else {
            return .waits(.answers(call.server.workerCount))
        }
        survey.withLines { call.reply.verbatim("txt", $0) }
        return .done
    }

    /// The results of all workers about their clients; nil until the last worker has answered.
    private static func survey(
        _ purpose: ClientSurvey.Purpose,
        _ filter: ClientFilter,
        _ call: AdminCall
    ) -> ClientSurvey? {
        let id = call.session.id
        if let survey = call.worker.surveys.removeValue(forKey: id) { return survey }
        let workers = call.server.workers
        let survey = ClientSurvey(
            purpose,
            filter,
            workers: workers.count,
            asker: id,
            home: call.worker.mailbox
        )
        let isSmall =
            workers.count == 1
            && call.worker.connections.places.count <= ClientSurvey.placesWithoutWait
        let mayWait = call.connection != nil && call.worker.executor.context.mayWait
        guard mayWait, !isSmall else {
            call.server.exclusively(call.worker) {
                for worker in workers { _ = survey.look(on: worker) }
            }
            return survey
        }
        call.worker.surveys[id] = survey
        survey.start(on: workers)
        return nil
    }

    /// `CLIENT GETNAME`: the name, or null.
    static func name(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let name = call.session.details?.name ?? []
        guard !name.isEmpty else { return call.reply.null() }
        name.withBytes { call.reply.bulk($0) }
    }

    /// `CLIENT SETNAME name`: OK; an empty name removes it.
    static func setName(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try call.session.setName(arguments[2])
        call.reply.ok()
    }

    /// `CLIENT SETINFO LIB-NAME name | LIB-VER version`: OK.
    static func setInfo(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isName = arguments[2].isWord("LIB-NAME")
        guard isName || arguments[2].isWord("LIB-VER") else {
            throw .client(.attribute(arguments[2]))
        }
        guard Session.isPlain(arguments[3]) else {
            throw .client(isName ? .libraryName : .libraryVersion)
        }
        call.session.tell { details in
            if isName {
                details.libraryName = arguments[3].array
            } else {
                details.libraryVersion = arguments[3].array
            }
        }
        call.reply.ok()
    }

    /// `CLIENT KILL address`: OK.
    ///
    /// `CLIENT KILL filter value …`: the number of connections closed.
    static func kill(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        let isOld = arguments.count == 3
        let filter =
            try isOld
            ? ClientFilter(address: arguments[2])
            : ClientFilter(killing: arguments, call.server.access)
        guard let survey = survey(.kill, filter, call) else {
            return .waits(.answers(call.server.workerCount))
        }
        if survey.includesAsker { call.connection?.state.insert(.closesAfterReply) }
        if !isOld {
            call.reply.integer(survey.count)
        } else if survey.count > 0 {
            call.reply.ok()
        } else {
            throw .client(.missing)
        }
        return .done
    }

    /// `CLIENT UNBLOCK id [TIMEOUT | ERROR]`: 1 if the client was blocked, else 0.
    static func unblock(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome {
        guard arguments.count <= 4 else { throw .wordCount }
        let withError = arguments.count == 4 && arguments[3].isWord("ERROR")
        guard arguments.count == 3 || withError || arguments[3].isWord("TIMEOUT") else {
            throw .client(.unblockReason)
        }
        let filter = ClientFilter(id: try arguments.integer(2))
        guard let survey = survey(.unblock(withError: withError), filter, call) else {
            return .waits(.answers(call.server.workerCount))
        }
        call.reply.integer(survey.count)
        return .done
    }

    /// `CLIENT REPLY ON | OFF | SKIP`: OK when replies are on again; otherwise, no reply.
    static func reply(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        if arguments[2].isWord("ON") {
            call.session.traits.subtract(.silent)
            call.reply.ok()
        } else if arguments[2].isWord("OFF") {
            call.session.traits.insert(.repliesOff)
        } else if arguments[2].isWord("SKIP") {
            if !call.session.traits.contains(.repliesOff) {
                call.session.traits.insert(.skipsNextReply)
            }
        } else {
            throw .syntax
        }
    }

    /// `CLIENT NO-TOUCH ON | OFF`: OK.
    static func noTouch(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try set(.noTouch, arguments, call)
        call.worker.executor.context.ignoresUses = call.session.traits.contains(.noTouch)
    }

    /// `CLIENT NO-EVICT ON | OFF`: OK.
    static func noEvict(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try set(.noEvict, arguments, call)
    }

    /// `CLIENT IMPORT-SOURCE ON | OFF`: OK.
    static func importSource(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.options.isImporting || arguments[2].isWord("OFF") else {
            throw .client(.notImporting)
        }
        try set(.importSource, arguments, call)
    }

    /// `CLIENT CAPA capability …`: OK; unknown capabilities are ignored.
    static func capabilities(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        for index in 2..<arguments.count where arguments[index].isWord("REDIRECT") {
            call.session.traits.insert(.takesRedirects)
        }
        call.reply.ok()
    }

    private static func set(
        _ trait: Session.Traits,
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        if arguments[2].isWord("ON") {
            call.session.traits.insert(trait)
        } else if arguments[2].isWord("OFF") {
            call.session.traits.remove(trait)
        } else {
            throw .syntax
        }
        call.reply.ok()
    }

    /// `CLIENT HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines(helpLines)
    }

    private static let helpLines: [StaticString] = [
        "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CAPA <option> [options...]",
        "    The client claims its some capability options. Options are:",
        "    * REDIRECT",
        "      The client can handle redirection during primary and replica failover.",
        "GETNAME",
        "    Return the name of the current connection.",
        "ID",
        "    Return the ID of the current connection.",
        "INFO",
        "    Return information about the current client connection.",
        "KILL <ip:port>",
        "    Kill connection made from <ip:port>.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Kill connections. Options are:",
        "    * ID (<client-id> [<client-id>...])",
        "      Kill clients by ID.",
        "    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB)",
        "      Kill clients of a type.",
        "    * ADDR (<ip:port>|<unixsocket>:0), LADDR (<ip:port>|<unixsocket>:0), IP <ip>,",
        "      USER <username>, NAME <name>, LIB-NAME <name>, LIB-VER <version>, DB <id>",
        "      Kill clients with this value.",
        "    * FLAGS <flags>, CAPA <capa>",
        "      Kill clients with all of these letters.",
        "    * MAXAGE <seconds>, IDLE <seconds>",
        "      Kill clients connected, or idle, for at least so long.",
        "    * SKIPME (YES|NO)",
        "      Skip the current connection (default: yes).",
        "    Each but SKIPME, MAXAGE and IDLE has a form with NOT- before it.",
        "LIST [options ...]",
        "    Return information about client connections. Options:",
        "    * ID (<client-id> [<client-id>...])",
        "      Return clients by ID.",
        "    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB)",
        "      Return clients of a type.",
        "    * ADDR (<ip:port>|<unixsocket>:0), LADDR (<ip:port>|<unixsocket>:0), IP <ip>,",
        "      USER <username>, NAME <name>, LIB-NAME <name>, LIB-VER <version>, DB <id>",
        "      Return clients with this value.",
        "    * FLAGS <flags>, CAPA <capa>",
        "      Return clients with all of these letters.",
        "    * MAXAGE <seconds>, IDLE <seconds>",
        "      Return clients connected, or idle, for at least so long.",
        "    * SKIPME (YES|NO)",
        "      Skip the current connection (default: no).",
        "    Each but SKIPME, MAXAGE and IDLE has a form with NOT- before it.",
        "UNPAUSE",
        "    Stop the current client pause, resuming traffic.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Suspend all, or just write, clients for <timeout> milliseconds.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
        "    Unblock the specified blocked client.",
        "REPLY (ON|OFF|SKIP)",
        "    Control the replies sent to the current connection.",
        "SETNAME <name>",
        "    Assign the name <name> to the current connection.",
        "SETINFO <option> <value>",
        "    Set client meta attr. Options are:",
        "    * LIB-NAME: the client lib name.",
        "    * LIB-VER: the client lib version.",
        "NO-EVICT (ON|OFF)",
        "    Protect current client connection from eviction.",
        "IMPORT-SOURCE (ON|OFF)",
        "    Mark this connection as an import source if import-mode is enabled.",
        "    Sync tools can set their connections into this mode to visit expired keys.",
        "NO-TOUCH (ON|OFF)",
        "    Will not touch LRU/LFU stats when this mode is on.",
        "CACHING (YES|NO)",
        "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
        "GETREDIR",
        "    Return the client ID we are redirecting to when tracking is enabled.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
        "         [OPTIN] [OPTOUT] [NOLOOP]",
        "    Control server assisted client side caching.",
        "TRACKINGINFO",
        "    Report tracking status for the current connection.",
        "HELP",
        "    Print this help.",
    ]
}

extension ReplyWriter {
    /// A string as a verbatim string, for the control plane.
    mutating func verbatim(_ text: String) {
        Array(text.utf8).withBytes { verbatim("txt", $0) }
    }
}
