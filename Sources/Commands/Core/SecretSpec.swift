/// The words of a command that are secret and not shown in logs.
public enum SecretSpec: Sendable {
    /// All words from the given one on.
    case from(Int)
    /// `count` words after a keyword, searched from the given word on.
    case behind(StaticString, from: Int, count: Int)
    /// The word after AUTH and the two words after AUTH2, searched from the given word on.
    case credentials(from: Int)
    /// Values of sensitive directives, in pairs of names and values from the given word on.
    case directives(from: Int)
}
