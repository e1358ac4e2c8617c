internal import Primitives

/// Recent slow commands, large requests and large replies, for SLOWLOG and COMMANDLOG.
///
/// Any thread may write and read it.
final class CommandLog: Sendable {
    /// Why a command is recorded.
    enum Kind: Int, CaseIterable {
        case slow
        case largeRequest
        case largeReply

        /// The kind with the given name.
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

    /// A recorded command.
    struct Entry {
        var id = 0
        /// Seconds since 1970.
        let time: Int64
        /// Microseconds or bytes, depending on the kind.
        let measure: Int64
        let words: [[UInt8]]
        let client: [UInt8]
        let name: [UInt8]
    }

    /// The entries of a kind, oldest first; excess entries are dropped in batches.
    private struct Entries {
        var list: [Entry] = []
        var nextID = 0
    }

    private static let slack = 64

    private let logs = Locked<[Entries]>(Array(repeating: Entries(), count: Kind.allCases.count))

    /// Records a command; keeps the latest `limit` entries.
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

    /// The latest entries, most recent first.
    func latest(_ kind: Kind, _ count: Int, limit: Int) -> [Entry] {
        logs.withLock { $0[kind.rawValue].list.suffix(min(count, limit)).reversed() }
    }

    /// The number of entries.
    func count(_ kind: Kind, limit: Int) -> Int {
        logs.withLock { min($0[kind.rawValue].list.count, limit) }
    }

    /// Removes the entries of a kind; their ids are not reused.
    func reset(_ kind: Kind) { logs.withLock { $0[kind.rawValue].list = [] } }
}
