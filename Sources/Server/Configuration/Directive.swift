/// One row of the configuration table: everything the server knows about a directive.
public struct Directive: Sendable {
    /// How a directive differs from one that CONFIG SET may change and everyone may see.
    public struct Traits: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// Creates a set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Can be set only in the file and on the command line.
        public static let immutable = Traits(rawValue: 1 << 0)
        /// Omitted by CONFIG GET unless requested by its full name.
        public static let hidden = Traits(rawValue: 1 << 1)
        /// Must not be logged.
        public static let sensitive = Traits(rawValue: 1 << 2)
        /// CONFIG SET needs `enable-protected-configs`.
        public static let protected = Traits(rawValue: 1 << 3)
        /// Written by CONFIG REWRITE even at its default.
        public static let alwaysWritten = Traits(rawValue: 1 << 4)
        /// Protects the server or its data and does not work yet: only its default is accepted.
        public static let guarding = Traits(rawValue: 1 << 5)
    }

    /// The name that CONFIG REWRITE writes.
    public let name: String
    /// Older or other spellings; CONFIG GET lists them as well.
    public let aliases: [String]
    /// The values that it takes.
    public let kind: DirectiveKind
    /// The default, as written in a configuration file.
    public let standard: String
    /// See `Traits`.
    public let traits: Traits
    /// What it does, in one sentence; `nil` while it has no effect.
    public let meaning: String?

    init(
        _ name: String,
        _ kind: DirectiveKind,
        _ standard: String,
        _ traits: Traits = [],
        alias: String? = nil,
        meaning: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.traits = traits
        self.aliases = alias.map { [$0] } ?? []
        self.meaning = meaning
    }

    /// Whether setting it changes what the server does.
    public var isInEffect: Bool { meaning != nil }

    /// Whether CONFIG SET may change it.
    public var isMutable: Bool { !traits.contains(.immutable) }
}

/// Why a value was rejected, in Redis' wording.
public struct DirectiveRefusal: Error, Equatable {
    /// The reason.
    public let reason: String

    init(_ reason: String) { self.reason = reason }

    /// The directive asks for a protection that does not work yet.
    static func unguarded(_ name: String) -> DirectiveRefusal {
        DirectiveRefusal(
            "'\(name)' is not supported yet; ignoring it would leave the server less protected "
                + "than requested"
        )
    }
}
