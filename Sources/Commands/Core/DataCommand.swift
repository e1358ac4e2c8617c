public import Store
public import Structures
public import Wire

/// Runs a data command.
///
/// The locks for the keys that the row names are held.
public typealias DataHandler =
    @Sendable (Arguments, inout CommandContext) throws(CommandError) -> Void

/// Runs a data command whose request may have to wait.
public typealias WaitingDataHandler =
    @Sendable (Arguments, inout CommandContext) throws(CommandError) -> Outcome

/// Serves a blocked request from one of its keys.
///
/// Replies as if the command had found the value at once, and returns true; or, if it finds
/// nothing, writes nothing and returns false. The words are those of the request, with
/// `CommandContext.resolvedWords` in place. The locks of the key and of the command's targets are
/// held.
public typealias ServingHandler =
    @Sendable (Arguments, Key, inout CommandContext) throws(CommandError) -> Bool

/// The handlers of a command that blocks when it finds nothing.
public struct BlockingHandler: Sendable {
    /// The type of value it waits for.
    public let kind: EntryKind
    /// Whether a blocked request fails when its key is deleted or changes type.
    public var endsWithKey = false
    /// Runs a request; returns `.waits(.value)` to block.
    public let run: WaitingDataHandler
    /// Serves a blocked request.
    public let serve: ServingHandler
}

/// A command that sees only the keyspace, nothing else of the server: its facts and its handler.
public struct DataCommand: Sendable {
    /// The kinds of handlers.
    public enum Handler: Sendable {
        /// Always completes.
        case plain(DataHandler)
        /// May return that its request must wait, to be run again.
        case waiting(WaitingDataHandler)
        /// May return that its request must wait, to be served.
        case blocking(BlockingHandler)

        /// Runs a request under the locks of its keys.
        public func callAsFunction(
            _ arguments: Arguments,
            _ context: inout CommandContext
        ) throws(CommandError) -> Outcome {
            switch self {
            case .plain(let handler):
                try handler(arguments, &context)
                return .done
            case .waiting(let handler): return try handler(arguments, &context)
            case .blocking(let handler): return try handler.run(arguments, &context)
            }
        }
    }

    /// The facts.
    public let facts: CommandFacts
    /// The handler.
    public let handler: Handler

    /// Creates a row: the parameters are those of `CommandFacts`, then one of three handlers.
    public init(
        _ name: StaticString,
        arity: Int,
        _ flags: CommandFlags,
        keys: [KeySpec] = [],
        databases: DatabaseSpec? = nil,
        memberWord: Int = 0,
        propagation: Propagation = .never,
        group: CommandGroup,
        categories: [StaticString] = [],
        since: StaticString,
        complexity: StaticString,
        syntax: StaticString,
        summary: StaticString,
        tips: [StaticString] = [],
        deprecated deprecation: Deprecation? = nil,
        isInternal: Bool = false,
        _ handler: DataHandler? = nil,
        waiting: WaitingDataHandler? = nil,
        blocking: BlockingHandler? = nil
    ) {
        facts = CommandFacts(
            name,
            arity: arity,
            flags,
            keys: keys,
            databases: databases,
            memberWord: memberWord,
            propagation: propagation,
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
        } else if let blocking {
            self.handler = .blocking(blocking)
        } else {
            preconditionFailure("a row has a handler")
        }
    }
}
