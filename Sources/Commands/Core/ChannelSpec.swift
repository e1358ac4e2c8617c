/// Which of a command's words are channels that its user needs the right to use.
///
/// Unsubscribing needs no right, so the commands for it have no such spec.
public enum ChannelSpec: Sendable {
    /// One channel, to publish to.
    case publish(Int)
    /// Channels to subscribe to, from the given word on.
    case subscribe(from: Int)
    /// Patterns from a word on, to subscribe to; the user must have a right for the same pattern.
    case subscribePatterns(from: Int)
}
