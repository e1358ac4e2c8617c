internal import Primitives
internal import Structures

/// Patterns with subscribers, indexed by the prefix that all their matches share.
///
/// ```text
/// news:*  news:??  ─▶ prefix "news:"   lengths in use: 0 (1 prefix), 5 (1 prefix)
/// *                ─▶ prefix ""        a channel is looked up once for each length in use
/// ```
/// A channel is thus compared only with the few patterns whose literal prefix it has, however many
/// others there are.
struct PatternIndex {
    private struct Pattern {
        let text: [UInt8]
        let hash: UInt64
        var listeners: Listeners
    }

    private var patterns = NameTable<[Pattern]>()
    private var lengths = PrefixLengths()
    /// The number of patterns.
    private(set) var count = 0
    /// For each worker, the number of patterns with subscribers there.
    private var countsByWorker: [Int]
    /// The workers with subscribers of any pattern.
    private(set) var workers = WorkerSet()
    private let hasher: KeyHasher

    /// Creates an empty index.
    init(workers: Int, hasher: KeyHasher) {
        countsByWorker = [Int](repeating: 0, count: workers)
        self.hasher = hasher
    }

    /// The prefix of `pattern` that every match has.
    static func prefix(of pattern: Bytes) -> Bytes {
        var end = 0
        while end < pattern.count {
            switch pattern[end] {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"):
                return pattern[0..<end]
            default: end += 1
            }
        }
        return pattern
    }

    // MARK: Matching

    /// Calls `body` with each pattern that matches `channel`, and its subscribers.
    func forEachMatch(
        of channel: Bytes,
        _ body: (_ pattern: [UInt8], _ hash: UInt64, Listeners) -> Void
    ) {
        lengths.forEach(upTo: channel.count) { length in
            let prefix = channel[0..<length]
            guard let place = patterns.find(prefix, hasher(prefix).bits) else { return }
            for pattern in patterns[place] {
                let matches = pattern.text.withBytes { GlobPattern($0).matches(channel) }
                if matches { body(pattern.text, pattern.hash, pattern.listeners) }
            }
        }
    }

    // MARK: Changing

    /// Adds a subscriber of `pattern` at `worker`; returns whether the pattern is new.
    mutating func join(_ pattern: [UInt8], _ hash: UInt64, worker: Int) -> Bool {
        pattern.withBytes { text in
            let prefix = PatternIndex.prefix(of: text)
            let prefixHash = hasher(prefix).bits
            guard let place = patterns.find(prefix, prefixHash) else {
                lengths.insert(prefix.count)
                patterns.insert(prefix.array, prefixHash, [begin(pattern, hash, worker)])
                return true
            }
            guard let index = patterns[place].firstIndex(where: { $0.text == pattern }) else {
                patterns[place].append(begin(pattern, hash, worker))
                return true
            }
            if patterns[place][index].listeners.add(worker) { count(worker, 1) }
            return false
        }
    }

    private mutating func begin(_ pattern: [UInt8], _ hash: UInt64, _ worker: Int) -> Pattern {
        count += 1
        count(worker, 1)
        var listeners = Listeners()
        _ = listeners.add(worker)
        return Pattern(text: pattern, hash: hash, listeners: listeners)
    }

    /// Removes a subscriber of `pattern` at `worker`; `isLast` if it was the last one there.
    ///
    /// Returns whether the pattern has no subscribers left.
    mutating func leave(_ pattern: [UInt8], worker: Int, isLast: Bool) -> Bool {
        pattern.withBytes { text in
            let prefix = PatternIndex.prefix(of: text)
            guard let place = patterns.find(prefix, hasher(prefix).bits),
                let index = patterns[place].firstIndex(where: { $0.text == pattern })
            else { preconditionFailure("only subscribers can leave") }
            if isLast { count(worker, -1) }
            guard patterns[place][index].listeners.remove(worker, isLast: isLast) else {
                return false
            }
            count -= 1
            patterns[place].remove(at: index)
            if patterns[place].isEmpty {
                patterns.remove(at: place)
                lengths.remove(prefix.count)
            }
            return true
        }
    }

    private mutating func count(_ worker: Int, _ change: Int) {
        countsByWorker[worker] += change
        if countsByWorker[worker] > 0 { workers.insert(worker) } else { workers.remove(worker) }
    }
}

/// The subscribers of a channel or pattern: on which workers, and how many clients.
struct Listeners {
    private(set) var workers = WorkerSet()
    private(set) var count = 0

    /// Adds one at `worker`; returns whether it is the first one there.
    mutating func add(_ worker: Int) -> Bool {
        count += 1
        guard !workers.contains(worker) else { return false }
        workers.insert(worker)
        return true
    }

    /// Removes one at `worker`; `isLast` if it was the last one there.
    ///
    /// Returns whether none is left.
    mutating func remove(_ worker: Int, isLast: Bool) -> Bool {
        count -= 1
        if isLast { workers.remove(worker) }
        assert(workers.isEmpty == (count == 0), "workers without listeners")
        return count == 0
    }
}
