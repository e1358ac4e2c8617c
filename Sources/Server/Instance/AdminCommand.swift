internal import Commands
internal import System
internal import Wire

/// A call of an admin command: the server, the worker that runs it, and the client.
struct AdminCall {
    let server: Instance
    let worker: Worker
    let session: Session
    /// The client's connection; nil for requests from within the server.
    let connection: Connection?

    /// Whether the request comes from this machine.
    var isLocal: Bool { connection.map { Socket($0.descriptor).isLocal } ?? true }

    /// Where the reply goes.
    var reply: ReplyWriter {
        _read { yield worker.executor.context.reply }
        nonmutating _modify { yield &worker.executor.context.reply }
    }
}

/// The function that runs an admin command.
typealias AdminHandler = @Sendable (Arguments, AdminCall) throws(CommandError) -> Void

/// The function that runs an admin command whose request may have to wait.
typealias WaitingAdminHandler = @Sendable (Arguments, AdminCall) throws(CommandError) -> Outcome

/// A command with access to the server: its facts and its handler.
///
/// The row of a subcommand is named `CONTAINER NAME`.
struct AdminCommand: Sendable {
    /// The kinds of handlers.
    enum Handler {
        /// It always finishes.
        case plain(AdminHandler)
        /// The request may have to wait.
        case waiting(WaitingAdminHandler)
    }

    let facts: CommandFacts
    let handler: Handler

    init(
        _ name: StaticString,
        arity: Int,
        _ flags: CommandFlags,
        keys: [KeySpec] = [],
        channels: ChannelSpec? = nil,
        databases: DatabaseSpec? = nil,
        secrets: SecretSpec? = nil,
        group: CommandGroup,
        categories: [StaticString] = [],
        since: StaticString,
        complexity: StaticString,
        syntax: StaticString,
        summary: StaticString,
        tips: [StaticString] = [],
        deprecated deprecation: Deprecation? = nil,
        isInternal: Bool = false,
        _ handler: AdminHandler? = nil,
        waiting: WaitingAdminHandler? = nil
    ) {
        facts = CommandFacts(
            name,
            arity: arity,
            flags,
            keys: keys,
            channels: channels,
            databases: databases,
            secrets: secrets,
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
        if let handler {
            self.handler = .plain(handler)
        } else if let waiting {
            self.handler = .waiting(waiting)
        } else {
            preconditionFailure("a row has a handler")
        }
    }
}
