/// The families that COMMAND DOCS and ACL know.
public enum CommandGroup: String, Sendable, CaseIterable {
    case bitmap, cluster, connection, generic, geo, hash, hyperloglog, list, pubsub, scripting
    case sentinel, server, set, stream, string, transactions
    case sortedSet = "sorted-set"

    /// The ACL category that every command of the family is in, without the `@`.
    public var category: StaticString? {
        switch self {
        case .bitmap: "bitmap"
        case .connection: "connection"
        case .generic: "keyspace"
        case .geo: "geo"
        case .hash: "hash"
        case .hyperloglog: "hyperloglog"
        case .list: "list"
        case .scripting: "scripting"
        case .set: "set"
        case .sortedSet: "sortedset"
        case .stream: "stream"
        case .string: "string"
        case .transactions: "transaction"
        // That of publish and subscribe follows from the flag: PUBSUB HELP is in none.
        case .cluster, .pubsub, .sentinel, .server: nil
        }
    }
}

/// When a command went out of favour, and what to use instead.
public struct Deprecation: Sendable {
    /// The version of Redis that said so first.
    public let since: StaticString
    /// What to use instead, with names in backquotes.
    public let replacement: StaticString

    /// A command that is deprecated since `since` for `replacement`.
    public init(since: StaticString, by replacement: StaticString) {
        self.since = since
        self.replacement = replacement
    }
}

/// All that is known of a command apart from how it runs: the one source for dispatch, COMMAND,
/// key extraction, ACL, the client's help and docs/commands.md.
public struct CommandFacts: Sendable {
    /// The name in upper case; a subcommand's is `CONTAINER NAME`.
    public let name: StaticString
    /// The number of words, the name included; at least that many where negative.
    public let arity: Int
    /// What it is and may.
    public let flags: CommandFlags
    /// Where its keys stand.
    public let keys: [KeySpec]
    /// Where its channels stand.
    public let channels: ChannelSpec?
    /// Which databases it names besides the one chosen.
    public let databases: DatabaseSpec?
    /// Where the first field or member stands that it looks up in the collection at its first key,
    /// which a batch asks the cache for; 0 where there is none, or other words may come before it.
    public let memberWord: Int
    /// How its effect gets into the log.
    public let propagation: Propagation
    /// Its family.
    public let group: CommandGroup
    /// ACL categories beyond those that follow from flags and group.
    public let categories: [StaticString]
    /// The version of Redis (or Valkey) that had it first.
    public let since: StaticString
    /// The cost.
    public let complexity: StaticString
    /// The words after the name, in the notation of `CommandGrammar`.
    public let syntax: StaticString
    /// What it does, in a sentence.
    public let summary: StaticString
    /// Hints for proxies, as COMMAND INFO tells them.
    public let tips: [StaticString]
    /// Where the command is not to be used any more.
    public let deprecation: Deprecation?
    /// Whether servers and tests use it, not people.
    public let isInternal: Bool

    /// Joins the facts; parameters as the properties.
    public init(
        _ name: StaticString,
        arity: Int,
        _ flags: CommandFlags,
        keys: [KeySpec] = [],
        channels: ChannelSpec? = nil,
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
        isInternal: Bool = false
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.channels = channels
        self.databases = databases
        self.memberWord = memberWord
        self.propagation = propagation
        self.group = group
        self.categories = categories
        self.since = since
        self.complexity = complexity
        self.syntax = syntax
        self.summary = summary
        self.tips = tips
        self.deprecation = deprecation
        self.isInternal = isInternal
    }

    /// Whether `count` words, the name included, may be right.
    public func accepts(wordCount count: Int) -> Bool {
        arity >= 0 ? count == arity : count >= -arity
    }
}
