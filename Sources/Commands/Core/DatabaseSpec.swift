/// Which databases a command names, in addition to the one selected by its client.
public enum DatabaseSpec: Sendable {
    /// Those whose indices are these words.
    case words(Range<Int>)
    /// The one whose index follows a keyword, searched for from a word on.
    case option(StaticString, from: Int)
    /// All databases.
    case all
}
