internal import Commands
internal import Wire

/// A call of an admin command: the server, the worker it runs on, and the client that asked.
struct AdminCall {
    let server: Instance
    let worker: Worker
    let client: Client

    /// Where the reply goes.
    var reply: ReplyWriter {
        _read { yield worker.context.reply }
        nonmutating _modify { yield &worker.context.reply }
    }
}

/// What runs an admin command.
typealias AdminHandler = @Sendable (Arguments, AdminCall) throws(CommandError) -> Void

/// A command that sees the server: its facts and its handler. A subcommand's row has the name
/// `CONTAINER NAME`.
struct AdminCommand: Sendable {
    let facts: CommandFacts
    let handler: AdminHandler

    init(
        _ name: StaticString,
        arity: Int,
        _ flags: CommandFlags,
        keys: [KeySpec] = [],
        group: CommandGroup,
        categories: [StaticString] = [],
        since: StaticString,
        complexity: StaticString,
        syntax: StaticString,
        summary: StaticString,
        tips: [StaticString] = [],
        deprecated deprecation: Deprecation? = nil,
        isInternal: Bool = false,
        _ handler: @escaping AdminHandler
    ) {
        facts = CommandFacts(
            name,
            arity: arity,
            flags,
            keys: keys,
            group: group,
            categories: categories,
            since: since,
            complexity: complexity,
            syntax: syntax,
            summary: summary,
            tips: tips,
            deprecated: deprecation,
            isInternal: isInternal
        )
        self.handler = handler
    }
}
