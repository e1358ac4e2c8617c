internal import Primitives

/// Keys that a worker's commands have changed in the batch, to be broadcast at its end.
///
/// ```text
/// changed keys, each with its author ─▶ by prefix ─▶ one invalidation for all its clients
/// ```
struct Broadcast {
    /// The maximum number of keys per invalidation.
    static let keysMax = 1024

    private var keys = NameTable<UInt64>()

    var isEmpty: Bool { keys.count == 0 }
    var isFull: Bool { keys.count >= Broadcast.keysMax }

    /// Records that a key was changed by the client with this session id (0: none).
    mutating func note(_ key: Bytes, _ hash: KeyHash, by session: UInt64) {
        if let place = keys.find(key, hash.bits) {
            keys[place] = session
        } else {
            keys.insert(key.array, hash.bits, session)
        }
    }

    /// The changed keys with a certain prefix, and the clients to notify.
    private struct Part {
        let trackers: [Tracker]
        var keys: [(key: [UInt8], session: UInt64)] = []
    }

    /// Calls `post` with each invalidation and its recipients, and removes all keys.
    mutating func take(
        _ prefixes: TrackedPrefixes,
        _ post: ([Tracker], inout Invalidation) -> Void
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
        for part in parts.values { Broadcast.post(part, post) }
    }

    private static func post(_ part: Part, _ post: ([Tracker], inout Invalidation) -> Void) {
        let authors = Set(part.keys.map(\.session))
        let (own, others) = part.trackers.reduce(into: ([Tracker](), [Tracker]())) {
            let isOwn = $1.mode.contains(.skipsOwn) && authors.contains($1.address.session)
            if isOwn { $0.0.append($1) } else { $0.1.append($1) }
        }
        if !others.isEmpty { send(part.keys.map(\.key), to: others, post) }
        for tracker in own {
            let keys = part.keys.filter { $0.session != tracker.address.session }.map(\.key)
            if !keys.isEmpty { send(keys, to: [tracker], post) }
        }
    }

    private static func send(
        _ keys: [[UInt8]],
        to trackers: [Tracker],
        _ post: ([Tracker], inout Invalidation) -> Void
    ) {
        var text = ByteBuffer()
        for key in keys { key.withBytes { text.append(bulk: $0) } }
        var invalidation = Invalidation(count: keys.count, keys: text.bytes)
        post(trackers, &invalidation)
        invalidation.release()
    }
}
