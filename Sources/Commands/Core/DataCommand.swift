public import Wire

/// What runs a data command: reads all words, acts on the keyspace, replies.
public typealias DataHandler =
    @Sendable (Arguments, inout CommandContext) throws(CommandError) -> Void

/// A command that sees the keyspace and nothing else of the server: its facts and its handler.
public struct DataCommand: Sendable {
    /// What is known of it.
    public let facts: CommandFacts
    /// What runs it.
    public let handler: DataHandler

    /// Joins a row; parameters as those of `CommandFacts`, the handler last.
    public init(
        _ name: StaticString,
        arity: Int,
        _ flags: CommandFlags,
        keys: [KeySpec] = [],
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
        _ handler: @escaping DataHandler
    ) {
        facts = CommandFacts(
            name,
            arity: arity,
            flags,
            keys: keys,
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
        self.handler = handler
    }
}
