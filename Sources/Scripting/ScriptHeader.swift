public import Primitives

/// A script's first line, which describes it: `#!lua name=library flags=no-writes,allow-oom`.
public struct ScriptHeader: Equatable, Sendable {
    /// What a script may do, and when it may run.
    public struct Flags: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Creates a set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// It does not write.
        public static let noWrites = Flags(rawValue: 1 << 0)
        /// It may run when memory is exhausted.
        public static let allowOOM = Flags(rawValue: 1 << 1)
        /// It may run on a replica that has lost its primary.
        public static let allowStale = Flags(rawValue: 1 << 2)
        /// It does not run in a cluster.
        public static let noCluster = Flags(rawValue: 1 << 3)
        /// It may use keys of several slots.
        public static let allowCrossSlotKeys = Flags(rawValue: 1 << 4)

        /// The names, in the order in which FUNCTION LIST shows them.
        public static let names: [(Flags, StaticString)] = [
            (.noWrites, "no-writes"), (.allowOOM, "allow-oom"), (.allowStale, "allow-stale"),
            (.noCluster, "no-cluster"), (.allowCrossSlotKeys, "allow-cross-slot-keys"),
        ]

        /// The flag with a name, or nil.
        public init?(name: Bytes) {
            guard let entry = Flags.names.first(where: { Bytes($0.1) == name }) else { return nil }
            self = entry.0
        }
    }

    /// Why the first line is invalid; the payload is the script's own text.
    public enum Failure: Error, Equatable {
        /// The line has no end.
        case endless
        /// The engine is not Lua.
        case engine([UInt8])
        /// An unknown flag.
        case flag([UInt8])
        /// An unknown option.
        case option([UInt8])
        /// An option that is given twice.
        case repeated
    }

    /// Whether the script has such a line; without one, it may do anything.
    public var isThere = false
    /// The flags listed in it.
    public var flags: Flags = []
    /// The library's name, if there is one.
    public var name: [UInt8]?
    /// The length of the line in bytes, without its end.
    public var byteCount = 0

    /// The header of a script without one.
    public init() {}

    /// Reads the first line of `script`.
    ///
    /// `isLibrary` says whether the line names a library rather than flags.
    public init(_ script: Bytes, isLibrary: Bool = false) throws(Failure) {
        guard script.count >= 2, script[0..<2] == Bytes("#!") else { return }
        isThere = true
        guard let end = (0..<script.count).first(where: { script[$0] == UInt8(ascii: "\n") }) else {
            throw .endless
        }
        byteCount = end
        let words = ScriptHeader.words(script[0..<end])
        guard let engine = words.first,
            engine == Bytes("#!lua") || isLibrary && engine.isWord("#!LUA")
        else { throw .engine(words.first?.array ?? []) }
        for word in words.dropFirst() { try read(word, isLibrary: isLibrary) }
    }

    private mutating func read(_ word: Bytes, isLibrary: Bool) throws(Failure) {
        if isLibrary, let value = ScriptHeader.value(of: "name=", word) {
            guard name == nil else { throw .repeated }
            name = value.array
        } else if !isLibrary, let value = ScriptHeader.value(of: "flags=", word) {
            for text in ScriptHeader.split(value, at: UInt8(ascii: ",")) where !text.isEmpty {
                guard let flag = Flags(name: text) else { throw .flag(text.array) }
                flags.insert(flag)
            }
        } else {
            throw .option(word.array)
        }
    }

    private static func value(of key: StaticString, _ word: Bytes) -> Bytes? {
        let count = key.utf8CodeUnitCount
        guard word.count >= count, word[0..<count] == Bytes(key) else { return nil }
        return word.dropFirst(count)
    }

    private static func words(_ line: Bytes) -> [Bytes] {
        split(line, at: UInt8(ascii: " ")).compactMap { word in
            var end = word.count
            while end > 0, word[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            return end > 0 ? word[0..<end] : nil
        }
    }

    private static func split(_ text: Bytes, at mark: UInt8) -> [Bytes] {
        var parts: [Bytes] = []
        var start = 0
        for index in 0...text.count where index == text.count || text[index] == mark {
            parts.append(text[start..<index])
            start = index + 1
        }
        return parts
    }
}
