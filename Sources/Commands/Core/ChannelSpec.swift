/// Which of a command's words are channels that its user must be permitted to use.
///
/// Unsubscribing needs no permission, so the commands for it have no such spec.
public enum ChannelSpec: Sendable {
    /// One channel, to publish to.
    case publish(Int)
    /// Channels to subscribe to, from the given word on.
    case subscribe(from: Int)
    /// Patterns to subscribe to, from the given word on; each must itself be permitted.
    case subscribePatterns(from: Int)
}
