internal import Commands
internal import Primitives
internal import Synchronization

/// What all workers must observe from their next batch on: one word, read before each batch.
///
/// ```text
///  63 … 40   39 … 32   31 … 0
/// ┌────────┬─────────┬────────┐
/// │   0    │  wants  │ alerts │    the union of all authors' notices
/// └────────┴─────────┴────────┘
/// ```
/// A client that gets its reply after a notice was posted can rely on it: any request that it
/// causes others to send arrives later, and is therefore part of a later batch. The posting worker
/// itself reads the notice immediately (`Executor.readBulletin`).
final class Bulletin: Sendable {
    /// Who posts notices; each has at most one in effect.
    enum Author: Int, CaseIterable {
        /// DEBUG EFFECTS.
        case journal
        /// The change log.
        case changeLog
        /// The append-only file.
        case appendOnly
        /// CLIENT PAUSE.
        case pause
        /// Keyspace notifications.
        case notifications
        /// COMMANDLOG.
        case commandLog
        /// HOTKEYS.
        case hotKeys
        /// CLIENT TRACKING.
        case tracking
        /// MONITOR.
        case monitors
        /// `maxmemory`.
        case memory
        /// Scripts that run for too long.
        case scripts
        /// HINDEX.
        case indexes
        /// Loading at startup.
        case loading
        /// Failures to save changes.
        case disk
        /// `watch` and `stats detail` of memcached's protocols.
        case items
        /// `import-mode`.
        case importing
    }

    /// What one author demands of all workers.
    struct Notice {
        /// Requests with any of these concerns do not run right away.
        var alerts: Concerns = []
        /// What must be recorded of every command.
        var wants: Effects.Wants = []

        /// Decodes a word.
        fileprivate init(word: UInt64) {
            alerts = Concerns(rawValue: UInt32(truncatingIfNeeded: word))
            wants = Effects.Wants(rawValue: UInt8(truncatingIfNeeded: word >> 32))
        }

        init(alerts: Concerns = [], wants: Effects.Wants = []) {
            self.alerts = alerts
            self.wants = wants
        }

        fileprivate var word: UInt64 { UInt64(alerts.rawValue) | UInt64(wants.rawValue) << 32 }
    }

    private let notices = Locked<[UInt64]>(Array(repeating: 0, count: Author.allCases.count))
    private let posted = Atomic<UInt64>(0)

    /// Replaces the notice of `author`; an empty one removes it.
    func post(_ notice: Notice, by author: Author) {
        post(by: author) { notice }
    }

    /// As above, for a notice that depends on state changed by several threads: the last one to
    /// post sees the changes of all of them.
    func post(by author: Author, _ notice: () -> Notice) {
        notices.withLock { words in
            words[author.rawValue] = notice().word
            posted.store(words.reduce(0, |), ordering: .releasing)
        }
    }

    /// The notices in effect now.
    @inline(__always)
    var word: UInt64 { posted.load(ordering: .acquiring) }

    /// Decodes a word.
    static func notice(_ word: UInt64) -> Notice { Notice(word: word) }
}
