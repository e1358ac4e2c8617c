internal import Commands
internal import Primitives
internal import Synchronization

/// What all workers heed from their next batch on: one word, read before each batch.
///
/// ```text
///  63 … 40   39 … 32   31 … 0
/// ┌────────┬─────────┬────────┐
/// │   0    │  wants  │ alerts │    what the notices of all authors have between them
/// └────────┴─────────┴────────┘
/// ```
/// Whoever posts a notice and then answers a client can rely on it: what that client makes others
/// send arrives later, hence in later batches. The worker that posts reads it at once
/// (`Executor.readBulletin`).
final class Bulletin: Sendable {
    /// Who posts notices, each one at a time.
    enum Author: Int, CaseIterable {
        /// DEBUG EFFECTS.
        case journal
        /// CLIENT PAUSE.
        case pause
        /// Keyspace notifications.
        case notifications
    }

    /// What a part of the server wants of all workers.
    struct Notice {
        /// What keeps requests that ask for it from running at once.
        var alerts: Concerns = []
        /// What is recorded of every command.
        var wants: Effects.Wants = []

        /// The notice of a word.
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

    /// Replaces the notice of `author`; an empty one takes it down.
    func post(_ notice: Notice, by author: Author) {
        notices.withLock { words in
            words[author.rawValue] = notice.word
            posted.store(words.reduce(0, |), ordering: .releasing)
        }
    }

    /// What is posted now.
    @inline(__always)
    var word: UInt64 { posted.load(ordering: .acquiring) }

    /// What a word says.
    static func notice(_ word: UInt64) -> Notice { Notice(word: word) }
}
