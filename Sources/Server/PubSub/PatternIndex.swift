internal import Primitives
internal import Structures

/// Patterns with subscribers, found by the beginning that every match shares with them.
///
/// ```text
/// news:*  news:??  ─▶ prefix "news:"   lengths in use: 0 (1 prefix), 5 (1 prefix)
/// *                ─▶ prefix ""        a channel is looked up once for each length it has
/// ```
/// So a channel is compared with the few patterns whose literal beginning it has, however many
/// others there are.
struct PatternIndex {
    private struct Pattern {
        let text: [UInt8]
        let hash: UInt64
        var listeners: Listeners
    }

    private var patterns = NameTable<[Pattern]>()
    /// How many prefixes there are of each length, the lengths in order.
    private var lengths: [(length: Int, count: Int)] = []
    /// The patterns.
    private(set) var count = 0
    /// How many patterns each worker has subscribers of.
    private var countsByWorker: [Int]
    /// The workers that have subscribers of a pattern.
    private(set) var workers = WorkerSet()
    private let hasher: KeyHasher

    /// No patterns.
    init(workers: Int, hasher: KeyHasher) {
        countsByWorker = [Int](repeating: 0, count: workers)
        self.hasher = hasher
    }

    /// The bytes of `pattern` that every match begins with.
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

    /// Calls `body` with each pattern that `channel` matches, and who listens to it.
    func forEachMatch(
        of channel: Bytes,
        _ body: (_ pattern: [UInt8], _ hash: UInt64, Listeners) -> Void
    ) {
        for (length, _) in lengths {
            guard length <= channel.count else { return }
            let prefix = channel[0..<length]
            guard let place = patterns.find(prefix, hasher(prefix).bits) else { continue }
            for pattern in patterns[place] {
                let matches = pattern.text.withBytes { GlobPattern($0).matches(channel) }
                if matches { body(pattern.text, pattern.hash, pattern.listeners) }
            }
        }
    }

    // MARK: Changing

    /// Notes a subscriber of `pattern` at `worker`; whether the pattern is new.
    mutating func join(_ pattern: [UInt8], _ hash: UInt64, worker: Int) -> Bool {
        pattern.withBytes { text in
            let prefix = PatternIndex.prefix(of: text)
            let prefixHash = hasher(prefix).bits
            guard let place = patterns.find(prefix, prefixHash) else {
                note(length: prefix.count)
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

    /// Notes that a subscriber of `pattern` at `worker` has left, `isLast` as the last one there;
    /// whether the pattern has none any more.
    mutating func leave(_ pattern: [UInt8], worker: Int, isLast: Bool) -> Bool {
        pattern.withBytes { text in
            let prefix = PatternIndex.prefix(of: text)
            guard let place = patterns.find(prefix, hasher(prefix).bits),
                let index = patterns[place].firstIndex(where: { $0.text == pattern })
            else { preconditionFailure("who leaves has joined") }
            if isLast { count(worker, -1) }
            guard patterns[place][index].listeners.remove(worker, isLast: isLast) else {
                return false
            }
            count -= 1
            patterns[place].remove(at: index)
            if patterns[place].isEmpty {
                patterns.remove(at: place)
                forget(length: prefix.count)
            }
            return true
        }
    }

    private mutating func count(_ worker: Int, _ change: Int) {
        countsByWorker[worker] += change
        if countsByWorker[worker] > 0 { workers.insert(worker) } else { workers.remove(worker) }
    }

    private mutating func note(length: Int) {
        let place = lengths.firstIndex { $0.length >= length } ?? lengths.count
        if place < lengths.count, lengths[place].length == length {
            lengths[place].count += 1
        } else {
            lengths.insert((length, 1), at: place)
        }
    }

    private mutating func forget(length: Int) {
        guard let place = lengths.firstIndex(where: { $0.length == length }) else {
            preconditionFailure("the length was noted")
        }
        lengths[place].count -= 1
        if lengths[place].count == 0 { lengths.remove(at: place) }
    }
}

/// Who listens to a channel or a pattern: on which workers, and how many clients.
struct Listeners {
    private(set) var workers = WorkerSet()
    private(set) var count = 0

    /// Notes one more at `worker`; whether it is the first one there.
    mutating func add(_ worker: Int) -> Bool {
        count += 1
        guard !workers.contains(worker) else { return false }
        workers.insert(worker)
        return true
    }

    /// Notes one less at `worker`, `isLast` as the last one there; whether none is left anywhere.
    mutating func remove(_ worker: Int, isLast: Bool) -> Bool {
        count -= 1
        if isLast { workers.remove(worker) }
        assert(workers.isEmpty == (count == 0), "workers without listeners")
        return count == 0
    }
}
