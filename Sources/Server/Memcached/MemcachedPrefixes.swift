internal import Primitives
internal import Synchronization

/// `stats detail`: how often items are read, stored and removed, by the prefixes of their keys.
final class MemcachedPrefixes: Sendable {
    /// What is counted for a prefix.
    struct Counts {
        var gets: UInt64 = 0
        var hits: UInt64 = 0
        var sets: UInt64 = 0
        var deletes: UInt64 = 0
    }

    /// What a request does.
    enum Use {
        case get(isHit: Bool)
        case set, delete
    }

    /// The most prefixes; keys with others are not counted.
    private static let prefixesMax = 10_000
    /// The longest prefix.
    private static let prefixBytesMax = 250

    private let counts = Locked<[[UInt8]: Counts]>([:])
    private let isCounting = Atomic<Bool>(false)

    /// Whether anything is counted.
    var isOn: Bool { isCounting.load(ordering: .relaxed) }

    /// Begins or ends counting; what was counted stays.
    func turn(on: Bool) { isCounting.store(on, ordering: .relaxed) }

    /// Forgets what was counted.
    func reset() { counts.withLock { $0 = [:] } }

    /// Counts a use of `key`, whose prefix ends at the first `delimiter`; without one it has none.
    func note(_ use: Use, _ key: Bytes, delimiter: UInt8) {
        guard let end = key.firstIndex(of: delimiter), end <= MemcachedPrefixes.prefixBytesMax
        else {
            return
        }
        let prefix = key[0..<end].array
        counts.withLock { counts in
            guard counts[prefix] != nil || counts.count < MemcachedPrefixes.prefixesMax else {
                return
            }
            var count = counts[prefix] ?? Counts()
            switch use {
            case .get(let isHit):
                count.gets += 1
                if isHit { count.hits += 1 }
            case .set: count.sets += 1
            case .delete: count.deletes += 1
            }
            counts[prefix] = count
        }
    }

    /// What `stats detail dump` answers.
    var text: [UInt8] {
        let sorted = counts.withLock { counts in
            counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        }
        var text: [UInt8] = []
        for (prefix, count) in sorted {
            text += Array("PREFIX ".utf8) + prefix
            text += Array(" get \(count.gets) hit \(count.hits)".utf8)
            text += Array(" set \(count.sets) del \(count.deletes)\r\n".utf8)
        }
        return text + Array("END\r\n".utf8)
    }
}
