internal import Primitives
public import Store
internal import Structures

/// Events that depend on what a key held before: that the key is new, or was overwritten.
///
/// While somebody wants these events, the previous types of a command's keys are noted before it
/// runs (`CommandContext.noteBefore`).
extension Effects {
    /// What a key held before the current command.
    struct Before {
        let hash: KeyHash
        let database: Int
        /// Nil if there was no such key.
        var kind: EntryKind?
    }

    /// Forgets what the keys held, once the command has run.
    public mutating func forgetBefore() { before.removeAll(keepingCapacity: true) }

    /// The additional events of `event`: those published before it and those published after it.
    mutating func companions(
        of event: KeyEvent,
        _ key: Key,
        in database: Int
    ) -> (first: [KeyEvent], later: [KeyEvent]) {
        guard event.stores,
            let index = before.firstIndex(where: {
                $0.hash.bits == key.hash.bits && $0.database == database
            })
        else { return ([], []) }
        let held = before[index].kind
        // RENAME and COPY name their source first.
        let holds = event.kind ?? before[0].kind ?? .string
        before[index].kind = holds
        guard let held else { return ([.new], []) }
        guard event.replaces else { return ([], []) }
        let changes: [KeyEvent] = held == holds ? [.overwritten] : [.overwritten, .typeChanged]
        return event.kind == nil ? ([], changes) : (changes, [])
    }
}

extension CommandContext {
    /// Notes what `key` holds in a database before the command runs.
    public mutating func noteBefore(_ key: Key, in database: Int) {
        let kind = peek(key, in: database)?.entry.kind
        effects.before.append(Effects.Before(hash: key.hash, database: database, kind: kind))
    }
}

extension KeyEvent {
    /// Whether the key exists afterwards.
    fileprivate var stores: Bool { !KeyEvent.leaving.contains(self) }

    /// Whether the whole value of the key is replaced.
    fileprivate var replaces: Bool { KeyEvent.replacing.contains(self) }

    private static let leaving: Set<KeyEvent> = [
        .unnamed, .del, .renameFrom, .moveFrom, .expired, .evicted, .keyMiss,
    ]

    private static let replacing: Set<KeyEvent> = [
        .set, .renameTo, .copyTo, .restore, .sInterStore, .sUnionStore, .sDiffStore,
        .zRangeStore, .zUnionStore, .zInterStore, .zDiffStore, .geoRadiusStore, .geoSearchStore,
        .sortStore,
    ]

    /// The type of the key afterwards; nil if the event does not determine it.
    fileprivate var kind: EntryKind? {
        switch classes {
        case .string: .string
        case .list: .list
        case .set: .set
        case .hash: .hash
        case .sortedSet: .sortedSet
        case .stream: .stream
        default: nil
        }
    }
}
