internal import Primitives

/// The prefixes of keys whose changes are broadcast, and the clients to notify.
struct TrackedPrefixes {
    private var prefixes = NameTable<[Tracker]>()
    private var lengths = PrefixLengths()
    private let hasher = KeyHasher()

    /// The number of prefixes.
    var count: Int { prefixes.count }

    /// Starts notifying a client of changes to keys with `prefix`.
    mutating func insert(_ prefix: [UInt8], _ tracker: Tracker) {
        let hash = prefix.withBytes { hasher($0).bits }
        if let place = prefix.withBytes({ prefixes.find($0, hash) }) {
            prefixes[place].append(tracker)
        } else {
            prefixes.insert(prefix, hash, [tracker])
            lengths.insert(prefix.count)
        }
    }

    /// Stops notifying a client of changes to keys with `prefix`.
    mutating func remove(_ prefix: [UInt8], _ tracker: Tracker) {
        let hash = prefix.withBytes { hasher($0).bits }
        guard let place = prefix.withBytes({ prefixes.find($0, hash) }) else {
            preconditionFailure("no such prefix")
        }
        prefixes[place].removeAll { $0 === tracker }
        guard prefixes[place].isEmpty else { return }
        prefixes.remove(at: place)
        lengths.remove(prefix.count)
    }

    /// Calls `body` with each prefix of `key`, and the clients to notify.
    func forEachMatch(of key: Bytes, _ body: (_ prefix: [UInt8], [Tracker]) -> Void) {
        lengths.forEach(upTo: key.count) { length in
            let prefix = key[0..<length]
            guard let place = prefixes.find(prefix, hasher(prefix).bits) else { return }
            body(prefixes.name(at: place), prefixes[place])
        }
    }
}
