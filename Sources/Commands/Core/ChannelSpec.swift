/// Where a command's channels stand among its words, where a user needs the right to name them.
///
/// Leaving a channel needs no right, so commands that do so have none of this.
public enum ChannelSpec: Sendable {
    /// One channel at a word, to publish to.
    case publish(Int)
    /// Channels from a word on, to subscribe to.
    case subscribe(from: Int)
    /// Patterns of channels from a word on, to subscribe to: the right must name the same pattern.
    case subscribePatterns(from: Int)
}
