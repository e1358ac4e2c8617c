/// Which words of a command are secret: left out where requests are shown.
public enum SecretSpec: Sendable {
    /// All from a word on.
    case from(Int)
    /// So many words behind a keyword, looked for from a word on.
    case behind(StaticString, from: Int, count: Int)
    /// Values of directives that are secret, in pairs with their names from a word on.
    case directives(from: Int)
}
