internal import Primitives

/// The beginnings of keys whose changes are broadcast, and to whom.
struct TrackedPrefixes {
    private var prefixes = NameTable<[Tracker]>()
    private var lengths = PrefixLengths()
    private let hasher = KeyHasher()

    /// The prefixes.
    var count: Int { prefixes.count }

    /// Has the changes of keys that begin with `prefix` told to a client.
    mutating func insert(_ prefix: [UInt8], _ tracker: Tracker) {
        let hash = prefix.withBytes { hasher($0).bits }
        if let place = prefix.withBytes({ prefixes.find($0, hash) }) {
            prefixes[place].append(tracker)
        } else {
            prefixes.insert(prefix, hash, [tracker])
            lengths.insert(prefix.count)
        }
    }

    /// Has them told to it no more.
    mutating func remove(_ prefix: [UInt8], _ tracker: Tracker) {
        let hash = prefix.withBytes { hasher($0).bits }
        guard let place = prefix.withBytes({ prefixes.find($0, hash) }) else {
            preconditionFailure("the prefix was inserted")
        }
        prefixes[place].removeAll { $0 === tracker }
        guard prefixes[place].isEmpty else { return }
        prefixes.remove(at: place)
        lengths.remove(prefix.count)
    }

    /// Calls `body` with each prefix that `key` begins with, and who is told.
    func forEachMatch(of key: Bytes, _ body: (_ prefix: [UInt8], [Tracker]) -> Void) {
        lengths.forEach(upTo: key.count) { length in
            let prefix = key[0..<length]
            guard let place = prefixes.find(prefix, hasher(prefix).bits) else { return }
            body(prefixes.name(at: place), prefixes[place])
        }
    }
}
