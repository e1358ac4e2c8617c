internal import Primitives
internal import Synchronization

/// A client that caches keys and is told when they change.
///
/// Any thread may read what it wants; its own worker changes it.
final class Tracker: @unchecked Sendable {  // because: atomic, or its worker's alone
    /// How a client is told of changes.
    struct Mode: OptionSet {
        let rawValue: UInt8
        /// Of all keys with its prefixes, whether it has read them or not (BCAST).
        static let broadcasts = Mode(rawValue: 1 << 0)
        /// Only of keys that it has read with the command after CLIENT CACHING YES (OPTIN).
        static let optsIn = Mode(rawValue: 1 << 1)
        /// Not of keys that it has read with the command after CLIENT CACHING NO (OPTOUT).
        static let optsOut = Mode(rawValue: 1 << 2)
        /// Not of changes that are its own (NOLOOP).
        static let skipsOwn = Mode(rawValue: 1 << 3)
    }

    let address: ClientAddress
    private let modeWord = Atomic<UInt8>(0)
    private let redirection = Atomic<UInt64>(0)
    private let broken = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    /// The beginnings of keys whose changes are broadcast to it, in order; its worker's alone.
    private(set) var prefixes: [[UInt8]] = []

    init(_ address: ClientAddress) { self.address = address }

    var mode: Mode { Mode(rawValue: modeWord.load(ordering: .relaxed)) }

    /// The session of the client that is told in its place, or 0.
    var target: UInt64 { redirection.load(ordering: .relaxed) }

    /// Whether that client has been missing when it was to be told.
    var isBroken: Bool { broken.load(ordering: .relaxed) }

    /// Whether the client tracks no more.
    var hasEnded: Bool { ended.load(ordering: .relaxed) }

    /// Whether the keys of a command are to be remembered; `isMarked` says whether CLIENT CACHING
    /// came before it.
    func remembers(isMarked: Bool) -> Bool {
        let mode = mode
        if mode.contains(.broadcasts) { return false }
        return mode.contains(.optsIn) ? isMarked : !(mode.contains(.optsOut) && isMarked)
    }

    /// Sets how it is told.
    func set(_ mode: Mode, target: UInt64) {
        broken.store(false, ordering: .relaxed)
        modeWord.store(mode.rawValue, ordering: .relaxed)
        redirection.store(target, ordering: .relaxed)
    }

    /// Notes that the client that is told in its place is gone.
    func breakRedirection() { broken.store(true, ordering: .relaxed) }

    /// Notes that the client tracks no more.
    func end() { ended.store(true, ordering: .relaxed) }

    /// Adds a prefix that it does not have.
    func add(prefix: [UInt8]) {
        let place = prefixes.firstIndex { prefix.lexicographicallyPrecedes($0) } ?? prefixes.count
        prefixes.insert(prefix, at: place)
    }

    /// Whether one of two names is the beginning of the other.
    static func overlap(_ left: Bytes, _ right: Bytes) -> Bool {
        let shorter = min(left.count, right.count)
        return left[0..<shorter] == right[0..<shorter]
    }
}

/// Some clients that cache keys, each once.
struct TrackerSet {
    private(set) var list: [Tracker] = []
    /// The same, once they are many.
    private var many: Set<ObjectIdentifier> = []

    private static let fewMax = 16

    /// Whether `tracker` was not in it before.
    mutating func insert(_ tracker: Tracker) -> Bool {
        if list.count <= TrackerSet.fewMax {
            guard !list.contains(where: { $0 === tracker }) else { return false }
            list.append(tracker)
            if list.count > TrackerSet.fewMax { many = Set(list.map { ObjectIdentifier($0) }) }
            return true
        }
        guard many.insert(ObjectIdentifier(tracker)).inserted else { return false }
        list.append(tracker)
        return true
    }
}
