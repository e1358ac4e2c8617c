/// Which databases a command names, besides the one its client has selected.
public enum DatabaseSpec: Sendable {
    /// Those whose indices are these words.
    case words(Range<Int>)
    /// The one whose index follows a keyword; the search for it starts at a word.
    case option(StaticString, from: Int)
    /// All databases.
    case all
}
