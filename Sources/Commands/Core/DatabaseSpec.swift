/// Which databases a command names besides the one that its client has chosen.
public enum DatabaseSpec: Sendable {
    /// Those whose numbers stand at these words.
    case words(Range<Int>)
    /// The one whose number stands behind a keyword, looked for from a word on.
    case option(StaticString, from: Int)
    /// All that there are.
    case all
}
