public import Wire

/// Runs a data command.
///
/// The locks for the keys that the row names are held.
public typealias DataHandler =
    @Sendable (Arguments, inout CommandContext) throws(CommandError) -> Void

/// Runs a data command that may make its request wait.
public typealias WaitingDataHandler =
    @Sendable (Arguments, inout CommandContext) throws(CommandError) -> Outcome

/// A command that sees the keyspace and nothing else of the server: its facts and its handler.
public struct DataCommand: Sendable {
    /// The two kinds of handlers.
    public enum Handler: Sendable {
        /// Always completes.
        case plain(DataHandler)
        /// May have its request wait.
        case waiting(WaitingDataHandler)

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
            }
        }
    }

    /// The facts.
    public let facts: CommandFacts
    /// The handler.
    public let handler: Handler

    /// Joins a row; parameters as those of `CommandFacts`, then the handler: one of the two.
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
        waiting: WaitingDataHandler? = nil
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
        } else {
            preconditionFailure("a row has a handler")
        }
    }
}
