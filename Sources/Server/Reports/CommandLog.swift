internal import Primitives

/// The latest commands that took long, or were or replied much: SLOWLOG and COMMANDLOG.
///
/// Any thread may write and read it.
final class CommandLog: Sendable {
    /// What a command is noted for.
    enum Kind: Int, CaseIterable {
        case slow
        case largeRequest
        case largeReply

        /// The kind with a name.
        init?(_ word: Bytes) {
            if word.isWord("SLOW") {
                self = .slow
            } else if word.isWord("LARGE-REQUEST") {
                self = .largeRequest
            } else if word.isWord("LARGE-REPLY") {
                self = .largeReply
            } else {
                return nil
            }
        }
    }

    /// A command that was noted.
    struct Entry {
        var id = 0
        /// Seconds since 1970.
        let time: Int64
        /// Microseconds, or bytes.
        let measure: Int64
        let words: [[UInt8]]
        let client: [UInt8]
        let name: [UInt8]
    }

    /// The entries of a kind, the oldest first; a few more than wanted may stand there, so that the
    /// oldest are dropped together.
    private struct Entries {
        var list: [Entry] = []
        var nextID = 0
    }

    private static let slack = 64

    private let logs = Locked<[Entries]>(Array(repeating: Entries(), count: Kind.allCases.count))

    /// Notes a command, and keeps the `limit` latest.
    func note(_ entry: Entry, _ kind: Kind, limit: Int) {
        logs.withLock { logs in
            var entry = entry
            entry.id = logs[kind.rawValue].nextID
            logs[kind.rawValue].nextID += 1
            logs[kind.rawValue].list.append(entry)
            let count = logs[kind.rawValue].list.count
            guard count > limit + CommandLog.slack || limit == 0 else { return }
            logs[kind.rawValue].list.removeFirst(count - limit)
        }
    }

    /// The latest entries, the last one first.
    func latest(_ kind: Kind, _ count: Int, limit: Int) -> [Entry] {
        logs.withLock { $0[kind.rawValue].list.suffix(min(count, limit)).reversed() }
    }

    /// The number of entries.
    func count(_ kind: Kind, limit: Int) -> Int {
        logs.withLock { min($0[kind.rawValue].list.count, limit) }
    }

    /// Forgets the entries of a kind; their numbers are not given again.
    func reset(_ kind: Kind) { logs.withLock { $0[kind.rawValue].list = [] } }
}
