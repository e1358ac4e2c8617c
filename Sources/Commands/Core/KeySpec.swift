/// Where a command's keys stand among its words, and what happens to them.
public struct KeySpec: Sendable {
    /// Where the search begins.
    public enum Begin: Sendable {
        /// At a fixed word.
        case index(Int)
        /// After a keyword, looked for from a word on (from the end when negative).
        case keyword(StaticString, from: Int)
        /// Nowhere that could be told.
        case unknown
    }

    /// How the keys follow.
    public enum Find: Sendable {
        /// Up to `last` words further (negative: counted from the request's end), every `step`;
        /// with a limit of n only the first nth of them.
        case range(last: Int, step: Int, limit: Int)
        /// A word `count` places on says how many; the first stands `first` places on.
        case counted(count: Int, first: Int, step: Int)
        /// In a way that could not be told.
        case unknown
    }

    /// What happens to the keys, as COMMAND INFO tells it.
    public struct Use: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt16
        /// Wraps bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// Read only.
        public static let ro = Use(rawValue: 1)
        /// Read and changed.
        public static let rw = Use(rawValue: 2)
        /// Overwritten whatever it was.
        public static let ow = Use(rawValue: 4)
        /// Removed.
        public static let rm = Use(rawValue: 8)
        /// The value is looked at.
        public static let access = Use(rawValue: 16)
        /// The value is edited.
        public static let update = Use(rawValue: 32)
        /// Something is added.
        public static let insert = Use(rawValue: 64)
        /// Something is taken out.
        public static let delete = Use(rawValue: 128)
        /// No key, but routed like one: a sharded channel.
        public static let notKey = Use(rawValue: 256)
        /// More keys may follow that this does not tell.
        public static let incomplete = Use(rawValue: 512)
        /// What happens depends on the other words.
        public static let variable = Use(rawValue: 1024)

        /// The names under which COMMAND tells them.
        static let names: [(Use, StaticString)] = [
            (.ro, "RO"), (.rw, "RW"), (.ow, "OW"), (.rm, "RM"), (.access, "access"),
            (.update, "update"), (.insert, "insert"), (.delete, "delete"),
            (.notKey, "not_key"), (.incomplete, "incomplete"), (.variable, "variable_flags"),
        ]

        /// The names of those that are set.
        public var names: [StaticString] { Use.names.compactMap { contains($0.0) ? $0.1 : nil } }
    }

    /// Where the search begins.
    public let begin: Begin
    /// How the keys follow.
    public let find: Find
    /// What happens to them.
    public let use: Use

    /// Whether it cannot tell the keys.
    public var isUnknown: Bool {
        if case .unknown = begin { return true }
        if case .unknown = find { return true }
        return false
    }

    /// Joins the three.
    public init(_ begin: Begin, _ find: Find, _ use: Use) {
        self.begin = begin
        self.find = find
        self.use = use
    }

    /// The first word after the name.
    public static func first(_ use: Use) -> [KeySpec] { [one(1, use)] }

    /// The word at `index`.
    public static func one(_ index: Int, _ use: Use) -> KeySpec {
        KeySpec(.index(index), .range(last: 0, step: 1, limit: 0), use)
    }

    /// All words from `index` on, every `step`.
    public static func rest(_ index: Int, step: Int = 1, _ use: Use) -> KeySpec {
        KeySpec(.index(index), .range(last: -1, step: step, limit: 0), use)
    }

    /// As many as the word at `index` says, directly after it, every `step`.
    public static func counted(_ index: Int, step: Int = 1, _ use: Use) -> KeySpec {
        KeySpec(.index(index), .counted(count: 0, first: 1, step: step), use)
    }
}
