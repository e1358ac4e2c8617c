internal import Commands

/// Which keyspace notifications are sent: the value of `notify-keyspace-events`.
struct NotificationChoice: Sendable {
    /// The classes of events that are published.
    var classes: KeyEvent.Classes = []
    /// Whether the events of a key are published on the key's channel.
    var toKeyspace = false
    /// Whether the keys of an event are published on the event's channel.
    var toKeyevent = false

    /// No notifications.
    static let none = NotificationChoice()

    private init() {}

    /// Parses letters; nil if one of them has no meaning.
    init?(letters: String) {
        for letter in letters {
            switch letter {
            case "K": toKeyspace = true
            case "E": toKeyevent = true
            default:
                guard let chosen = KeyEvent.Classes(letter: letter) else { return nil }
                classes.formUnion(chosen)
            }
        }
    }

    /// Whether any notification is ever sent.
    var isOn: Bool { (toKeyspace || toKeyevent) && !classes.isEmpty }

    /// The letters in Redis's order, with `A` instead of those that it stands for.
    ///
    /// Redis omits `n`, `o` and `c` next to `A`, so that CONFIG REWRITE would lose them.
    var letters: String {
        let isAll = classes.isSuperset(of: .all)
        var text = ""
        for (letter, letterClasses) in KeyEvent.Classes.letters {
            if letterClasses == .missed {
                if toKeyspace { text.append("K") }
                if toKeyevent { text.append("E") }
            }
            let isAlias = letterClasses == .all
            let isNamed = isAlias ? isAll : !isAll || letterClasses.isDisjoint(with: .all)
            if isNamed, classes.isSuperset(of: letterClasses) { text.append(letter) }
        }
        return text
    }
}
