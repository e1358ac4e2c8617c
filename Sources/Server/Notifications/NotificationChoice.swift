internal import Commands

/// Which keyspace notifications are sent: the value of `notify-keyspace-events`.
struct NotificationChoice: Sendable {
    /// The kinds of channels on which events are published.
    struct Channels: OptionSet {
        let rawValue: UInt8
        /// `K`: the key's channel; the message is the event.
        static let keyspace = Channels(rawValue: 1 << 0)
        /// `E`: the event's channel; the message is the key.
        static let keyevent = Channels(rawValue: 1 << 1)
        /// `S`: the key's channel; the message is the event and the fields.
        static let subkeyspace = Channels(rawValue: 1 << 2)
        /// `T`: the event's channel; the message is the key and the fields.
        static let subkeyevent = Channels(rawValue: 1 << 3)
        /// `I`: the channel of each field of the key; the message is the event.
        static let subkeyspaceItem = Channels(rawValue: 1 << 4)
        /// `V`: the channel of an event of the key; the message is the fields.
        static let subkeyspaceEvent = Channels(rawValue: 1 << 5)

        /// The channels whose messages or names contain fields.
        static let subkeys: Channels = [
            .subkeyspace, .subkeyevent, .subkeyspaceItem, .subkeyspaceEvent,
        ]

        /// The letters in the order of CONFIG GET; `m` comes between `E` and `S`.
        static let letters: [(letter: Character, channel: Channels)] = [
            ("K", .keyspace), ("E", .keyevent), ("S", .subkeyspace), ("T", .subkeyevent),
            ("I", .subkeyspaceItem), ("V", .subkeyspaceEvent),
        ]
    }

    /// The classes of events that are published.
    var classes: KeyEvent.Classes = []
    /// The kinds of channels on which they are published.
    var channels: Channels = []

    /// No notifications.
    static let none = NotificationChoice()

    private init() {}

    /// Parses letters; nil if one of them has no meaning.
    init?(letters: String) {
        for letter in letters {
            if let entry = Channels.letters.first(where: { $0.letter == letter }) {
                channels.insert(entry.channel)
            } else if let chosen = KeyEvent.Classes(letter: letter) {
                classes.formUnion(chosen)
            } else {
                return nil
            }
        }
    }

    /// Whether any notification is ever sent.
    var isOn: Bool { !channels.isEmpty && !classes.isEmpty }

    /// Whether notifications name the fields of hashes.
    var namesFields: Bool { !channels.isDisjoint(with: .subkeys) && classes.contains(.hash) }

    /// The letters in Redis' order, with `A` in place of those that it stands for.
    ///
    /// Redis omits `n`, `o` and `c` next to `A`, so that CONFIG REWRITE would lose them.
    var letters: String {
        let isAll = classes.isSuperset(of: .all)
        var text = ""
        for (letter, letterClasses) in KeyEvent.Classes.letters {
            if letterClasses == .missed { text += letters(of: [.keyspace, .keyevent]) }
            let isAlias = letterClasses == .all
            let isNamed = isAlias ? isAll : !isAll || letterClasses.isDisjoint(with: .all)
            if isNamed, classes.isSuperset(of: letterClasses) { text.append(letter) }
        }
        return text + letters(of: .subkeys)
    }

    /// The letters of those of `kinds` that are chosen.
    private func letters(of kinds: Channels) -> String {
        let chosen = channels.intersection(kinds)
        return String(Channels.letters.filter { chosen.contains($0.channel) }.map(\.letter))
    }
}
