internal import Commands
internal import Primitives

/// Recent denials, for ACL LOG.
///
/// Any thread may read and write it.
final class AccessLog: Sendable {
    /// Where the denied request came from.
    enum Context: String {
        case toplevel
        case multi
        case lua
    }

    /// What was denied.
    enum Reason: String, CaseIterable {
        case command
        case key
        case channel
        case database
        case auth

        init(_ reason: AccessDenial.Reason) {
            switch reason {
            case .command: self = .command
            case .key: self = .key
            case .channel: self = .channel
            case .database: self = .database
            }
        }
    }

    /// Equal denials, within a minute of each other.
    struct Entry {
        let id: Int
        let reason: Reason
        let context: Context
        /// The command, key, channel or database.
        let object: [UInt8]
        let user: [UInt8]
        var count = 1
        /// The last client, as described by CLIENT LIST.
        var client: [UInt8]
        /// Milliseconds since 1970.
        let createdAt: Int64
        var updatedAt: Int64
    }

    private struct State {
        var entries: [Entry] = []
        var nextID = 0

        /// Drops the oldest entries beyond `limit`, in batches.
        mutating func trim(_ limit: Int) {
            guard entries.count > limit + AccessLog.slack || limit == 0 else { return }
            entries.removeFirst(entries.count - limit)
        }
    }

    /// Denials further apart than this (in milliseconds) are separate entries.
    fileprivate static let alikeWithin: Int64 = 60_000
    /// How many entries are searched for an equal one.
    private static let comparedMax = 10
    /// How many surplus entries may accumulate before the oldest are dropped together.
    private static let slack = 64
    /// The maximum number of bytes kept of an object and of a user's name.
    private static let nameBytesMax = 4096

    private let state = Locked(State())

    /// Records a denial at `now` (milliseconds since 1970), and keeps the `limit` latest.
    func note(
        _ reason: Reason,
        _ context: Context,
        object: Bytes,
        user: Bytes,
        client: Bytes,
        now: Int64,
        limit: Int
    ) {
        state.withLock { state in
            var entry = Entry(
                id: state.nextID,
                reason: reason,
                context: context,
                object: object[0..<min(object.count, AccessLog.nameBytesMax)].array,
                user: user[0..<min(user.count, AccessLog.nameBytesMax)].array,
                client: client.array,
                createdAt: now,
                updatedAt: now
            )
            let recent = state.entries.suffix(AccessLog.comparedMax).indices
            if let place = recent.last(where: { state.entries[$0].isLike(entry) }) {
                entry = state.entries.remove(at: place)
                entry.count += 1
                entry.client = client.array
                entry.updatedAt = now
            } else {
                state.nextID += 1
            }
            state.entries.append(entry)
            state.trim(limit)
        }
    }

    /// The latest entries, newest first.
    func latest(_ count: Int, limit: Int) -> [Entry] {
        state.withLock { $0.entries.suffix(min(count, limit)).reversed() }
    }

    /// Removes all entries.
    func reset() { state.withLock { $0.entries = [] } }
}

extension AccessLog.Entry {
    /// Whether `other`, which came later, counts as a repetition of this one.
    fileprivate func isLike(_ other: AccessLog.Entry) -> Bool {
        reason == other.reason && context == other.context && object == other.object
            && user == other.user && other.updatedAt - updatedAt <= AccessLog.alikeWithin
    }
}
