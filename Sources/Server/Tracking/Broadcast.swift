internal import Primitives

/// Keys that a worker's commands have changed in the batch, to be broadcast at its end.
///
/// ```text
/// changed keys, each with who changed it ─▶ by prefix ─▶ one invalidation for all its clients
/// ```
struct Broadcast {
    /// So many keys are told of at once.
    static let keysMax = 1024

    private var keys = NameTable<UInt64>()

    var isEmpty: Bool { keys.count == 0 }
    var isFull: Bool { keys.count >= Broadcast.keysMax }

    /// Notes that a key was changed by the client with a session's number, or 0.
    mutating func note(_ key: Bytes, _ hash: KeyHash, by session: UInt64) {
        if let place = keys.find(key, hash.bits) {
            keys[place] = session
        } else {
            keys.insert(key.array, hash.bits, session)
        }
    }

    /// The keys that begin with the same prefix, and who is told.
    private struct Part {
        let trackers: [Tracker]
        var keys: [(key: [UInt8], session: UInt64)] = []
    }

    /// Calls `tell` with what is to be told to whom, and forgets the keys.
    mutating func take(
        _ prefixes: TrackedPrefixes,
        _ tell: ([Tracker], Invalidation) -> Void
    ) {
        var parts: [[UInt8]: Part] = [:]
        keys.forEach { key, _, session in
            key.withBytes { bytes in
                prefixes.forEachMatch(of: bytes) { prefix, trackers in
                    parts[prefix, default: Part(trackers: trackers)].keys.append((key, session))
                }
            }
        }
        keys = NameTable()
        for part in parts.values { Broadcast.tell(part, tell) }
    }

    private static func tell(_ part: Part, _ tell: ([Tracker], Invalidation) -> Void) {
        let authors = Set(part.keys.map(\.session))
        let (own, others) = part.trackers.reduce(into: ([Tracker](), [Tracker]())) {
            let isOwn = $1.mode.contains(.skipsOwn) && authors.contains($1.address.session)
            if isOwn { $0.0.append($1) } else { $0.1.append($1) }
        }
        if !others.isEmpty { send(part.keys.map(\.key), to: others, tell) }
        for tracker in own {
            let keys = part.keys.filter { $0.session != tracker.address.session }.map(\.key)
            if !keys.isEmpty { send(keys, to: [tracker], tell) }
        }
    }

    private static func send(
        _ keys: [[UInt8]],
        to trackers: [Tracker],
        _ tell: ([Tracker], Invalidation) -> Void
    ) {
        var text = ByteBuffer()
        for key in keys { key.withBytes { text.append(bulk: $0) } }
        let invalidation = Invalidation(count: keys.count, keys: text.bytes)
        tell(trackers, invalidation)
        invalidation.release()
    }
}
