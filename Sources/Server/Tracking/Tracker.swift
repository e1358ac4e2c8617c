internal import Primitives
internal import Synchronization

/// A client that caches keys and is notified when they change.
///
/// Any thread may read its settings; only its own worker changes them.
final class Tracker: @unchecked Sendable {  // because: atomic, or its worker's alone
    /// Which changes a client is notified of.
    struct Mode: OptionSet {
        let rawValue: UInt8
        /// Changes to all keys with its prefixes, whether it has read them or not (BCAST).
        static let broadcasts = Mode(rawValue: 1 << 0)
        /// Only changes to keys read by the command after CLIENT CACHING YES (OPTIN).
        static let optsIn = Mode(rawValue: 1 << 1)
        /// Not changes to keys read by the command after CLIENT CACHING NO (OPTOUT).
        static let optsOut = Mode(rawValue: 1 << 2)
        /// Not its own changes (NOLOOP).
        static let skipsOwn = Mode(rawValue: 1 << 3)
    }

    let address: ClientAddress
    private let modeWord = Atomic<UInt8>(0)
    private let redirection = Atomic<UInt64>(0)
    private let broken = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    /// The prefixes whose changes are broadcast to it, in order; only its worker uses them.
    private(set) var prefixes: [[UInt8]] = []

    init(_ address: ClientAddress) { self.address = address }

    var mode: Mode { Mode(rawValue: modeWord.load(ordering: .relaxed)) }

    /// The session of the client that receives its invalidations, or 0.
    var target: UInt64 { redirection.load(ordering: .relaxed) }

    /// Whether that client was missing when it should have been notified.
    var isBroken: Bool { broken.load(ordering: .relaxed) }

    /// Whether the client has stopped tracking.
    var hasEnded: Bool { ended.load(ordering: .relaxed) }

    /// Whether to remember the keys of a command; `isMarked` tells whether CLIENT CACHING preceded
    /// it.
    func remembers(isMarked: Bool) -> Bool {
        let mode = mode
        if mode.contains(.broadcasts) { return false }
        return mode.contains(.optsIn) ? isMarked : !(mode.contains(.optsOut) && isMarked)
    }

    /// Whether it wants invalidations of changes made by `session`: with NOLOOP, not of its own.
    func wants(changesBy session: UInt64) -> Bool {
        !hasEnded && !(mode.contains(.skipsOwn) && address.session == session)
    }

    /// Sets its mode, and the client that receives its invalidations.
    func set(_ mode: Mode, target: UInt64) {
        broken.store(false, ordering: .relaxed)
        modeWord.store(mode.rawValue, ordering: .relaxed)
        redirection.store(target, ordering: .relaxed)
    }

    /// Records that the client that receives its invalidations is gone.
    func breakRedirection() { broken.store(true, ordering: .relaxed) }

    /// Records that the client has stopped tracking.
    func end() { ended.store(true, ordering: .relaxed) }

    /// Adds a prefix that it does not have.
    func add(prefix: [UInt8]) {
        let place = prefixes.firstIndex { prefix.lexicographicallyPrecedes($0) } ?? prefixes.count
        prefixes.insert(prefix, at: place)
    }

    /// Whether one of two names is a prefix of the other.
    static func overlap(_ left: Bytes, _ right: Bytes) -> Bool {
        let shorter = min(left.count, right.count)
        return left[0..<shorter] == right[0..<shorter]
    }
}

/// A set of clients that cache keys.
struct TrackerSet {
    private(set) var list: [Tracker] = []
    /// The same clients, once there are many.
    private var many: Set<ObjectIdentifier> = []

    private static let fewMax = 16

    /// Adds `tracker`; returns whether it is new.
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
