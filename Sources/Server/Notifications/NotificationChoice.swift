internal import Commands

/// Which keyspace notifications are sent, as `notify-keyspace-events` says.
struct NotificationChoice: Sendable {
    /// The events that subscribers are told of.
    var classes: KeyEvent.Classes = []
    /// Whether the events of a key are published on a channel of the key.
    var toKeyspace = false
    /// Whether the keys that an event happens to are published on a channel of the event.
    var toKeyevent = false

    /// No notifications.
    static let none = NotificationChoice()

    private init() {}

    /// What `letters` choose; nil where one of them chooses nothing.
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

    /// Whether anything is ever sent.
    var isOn: Bool { (toKeyspace || toKeyevent) && !classes.isEmpty }

    /// The letters in Redis' order, `A` in the place of those it stands for.
    ///
    /// Redis leaves `n`, `o` and `c` out beside `A`, so that CONFIG REWRITE would lose them there.
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
