/// The kinds of subscriptions.
enum ChannelKind: Int, CaseIterable, Sendable {
    /// A channel, by name (SUBSCRIBE).
    case channel
    /// All channels whose names match a pattern (PSUBSCRIBE).
    case pattern
    /// A channel in the namespace that a cluster divides by slots (SSUBSCRIBE).
    case shardChannel

    /// The word at the start of a message.
    var messageWord: StaticString {
        switch self {
        case .channel: "message"
        case .pattern: "pmessage"
        case .shardChannel: "smessage"
        }
    }

    /// The word that confirms a subscription, or its end.
    var confirmationWords: (begun: StaticString, ended: StaticString) {
        switch self {
        case .channel: ("subscribe", "unsubscribe")
        case .pattern: ("psubscribe", "punsubscribe")
        case .shardChannel: ("ssubscribe", "sunsubscribe")
        }
    }
}
