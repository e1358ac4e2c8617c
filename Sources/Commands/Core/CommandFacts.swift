/// The command groups reported by COMMAND DOCS.
public enum CommandGroup: String, Sendable, CaseIterable {
    case bitmap, cluster, connection, generic, geo, hash, hyperloglog, list, pubsub, scripting
    case sentinel, server, set, stream, string, transactions
    case sortedSet = "sorted-set"

    /// The ACL category that includes every command of the group, without the `@`.
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
        // The category of publish and subscribe follows from the flag: PUBSUB HELP is in none.
        case .cluster, .pubsub, .sentinel, .server: nil
        }
    }
}

/// When a command was deprecated, and what replaces it.
public struct Deprecation: Sendable {
    /// The version of Redis that deprecated it.
    public let since: StaticString
    /// The replacement, with names in backquotes.
    public let replacement: StaticString

    /// Creates a deprecation.
    public init(since: StaticString, by replacement: StaticString) {
        self.since = since
        self.replacement = replacement
    }
}

/// Everything about a command except how it runs.
///
/// The single source for dispatch, COMMAND, key extraction, ACL, apus-cli's help and
/// docs/commands.md.
public struct CommandFacts: Sendable {
    /// The name in upper case; a subcommand's is `CONTAINER NAME`.
    public let name: StaticString
    /// The number of words, including the name; the minimum if negative.
    public let arity: Int
    /// Its properties.
    public let flags: CommandFlags
    /// Where its keys are.
    public let keys: [KeySpec]
    /// Which words are channels.
    public let channels: ChannelSpec?
    /// The words that are not shown in logs.
    public let secrets: SecretSpec?
    /// The databases that it names in addition to the selected one.
    public let databases: DatabaseSpec?
    /// The index of the first field or member that it looks up in the collection at its first key.
    ///
    /// A batch prefetches it. 0 if there is none or if other words may precede it.
    public let memberWord: Int
    /// How its effects are logged.
    public let propagation: Propagation
    /// Its group.
    public let group: CommandGroup
    /// ACL categories in addition to those implied by flags and group.
    public let categories: [StaticString]
    /// The version of Redis (or Valkey) that introduced it.
    public let since: StaticString
    /// Its time complexity.
    public let complexity: StaticString
    /// The words after the name, in the notation of `CommandGrammar`.
    public let syntax: StaticString
    /// What it does, in one sentence.
    public let summary: StaticString
    /// The tips reported by COMMAND INFO.
    public let tips: [StaticString]
    /// The deprecation, if it is deprecated.
    public let deprecation: Deprecation?
    /// Whether it is meant for servers and tests, not for people.
    public let isInternal: Bool

    /// Creates the facts; the parameters are those of the properties.
    public init(
        _ name: StaticString,
        arity: Int,
        _ flags: CommandFlags,
        keys: [KeySpec] = [],
        channels: ChannelSpec? = nil,
        databases: DatabaseSpec? = nil,
        secrets: SecretSpec? = nil,
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
        self.secrets = secrets
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

    /// Whether `count` words, including the name, are acceptable.
    public func accepts(wordCount count: Int) -> Bool {
        arity >= 0 ? count == arity : count >= -arity
    }
}
