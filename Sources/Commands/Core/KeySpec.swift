/// Where a command's keys are among its words, and what the command does with them.
public struct KeySpec: Sendable {
    /// Where to begin the search.
    public enum Begin: Sendable {
        /// At a fixed word.
        case index(Int)
        /// After a keyword, searched for from a word on (backwards from the end if negative).
        case keyword(StaticString, from: Int)
        /// Unknown.
        case unknown
    }

    /// How to find the keys from there.
    public enum Find: Sendable {
        /// Every `step`th word up to `last` words further (if negative, counted from the end).
        ///
        /// With a limit of n, only the first nth of them.
        case range(last: Int, step: Int, limit: Int)
        /// The word `count` positions on holds their number; the first is `first` positions on.
        case counted(count: Int, first: Int, step: Int)
        /// Unknown.
        case unknown
    }

    /// What the command does with the keys, as reported by COMMAND INFO.
    public struct Use: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt16
        /// Creates a set from its bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// Reads it.
        public static let ro = Use(rawValue: 1)
        /// Reads and changes it.
        public static let rw = Use(rawValue: 2)
        /// Overwrites it, whatever it was.
        public static let ow = Use(rawValue: 4)
        /// Removes it.
        public static let rm = Use(rawValue: 8)
        /// Reads the value.
        public static let access = Use(rawValue: 16)
        /// Updates the value.
        public static let update = Use(rawValue: 32)
        /// Adds data to the value.
        public static let insert = Use(rawValue: 64)
        /// Deletes data from the value.
        public static let delete = Use(rawValue: 128)
        /// Not a key, but routed like one: a sharded channel.
        public static let notKey = Use(rawValue: 256)
        /// There may be more keys than the spec finds.
        public static let incomplete = Use(rawValue: 512)
        /// What it does depends on the other words.
        public static let variable = Use(rawValue: 1024)

        /// The names in COMMAND.
        static let names: [(Use, StaticString)] = [
            (.ro, "RO"), (.rw, "RW"), (.ow, "OW"), (.rm, "RM"), (.access, "access"),
            (.update, "update"), (.insert, "insert"), (.delete, "delete"),
            (.notKey, "not_key"), (.incomplete, "incomplete"), (.variable, "variable_flags"),
        ]

        /// The names of the flags that are set.
        public var names: [StaticString] { Use.names.compactMap { contains($0.0) ? $0.1 : nil } }
    }

    /// Where to begin the search.
    public let begin: Begin
    /// How to find the keys from there.
    public let find: Find
    /// What the command does with them.
    public let use: Use

    /// Whether the spec cannot find the keys.
    public var isUnknown: Bool {
        if case .unknown = begin { return true }
        if case .unknown = find { return true }
        return false
    }

    /// Creates a spec.
    public init(_ begin: Begin, _ find: Find, _ use: Use) {
        self.begin = begin
        self.find = find
        self.use = use
    }

    /// The first word after the command's name.
    public static func first(_ use: Use) -> [KeySpec] { [one(1, use)] }

    /// The word at `index`.
    public static func one(_ index: Int, _ use: Use) -> KeySpec {
        KeySpec(.index(index), .range(last: 0, step: 1, limit: 0), use)
    }

    /// All words from `index` on, in steps of `step`.
    public static func rest(_ index: Int, step: Int = 1, _ use: Use) -> KeySpec {
        KeySpec(.index(index), .range(last: -1, step: step, limit: 0), use)
    }

    /// As many words as the word at `index` says, directly after it, in steps of `step`.
    public static func counted(_ index: Int, step: Int = 1, _ use: Use) -> KeySpec {
        KeySpec(.index(index), .counted(count: 0, first: 1, step: step), use)
    }
}
