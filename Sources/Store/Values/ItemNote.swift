public import Primitives
public import Structures

/// The note of an item's head in a log: the word of a PING, which other servers only echo.
///
/// ```text
/// PING "apus:item <flags> <cas> <state> <key>"
/// ```
public enum ItemNote {
    /// How such a word begins.
    public static let prefix: StaticString = "apus:item "

    /// The word for the item at `key`.
    public static func text(of head: ItemHead, _ key: Bytes) -> ByteBuffer {
        var text = ByteBuffer()
        text.append(prefix)
        text.append(unsigned: UInt64(head.flags))
        text.append(" ")
        text.append(unsigned: head.cas)
        text.append(" ")
        text.append(unsigned: UInt64(head.state.rawValue))
        text.append(" ")
        text.append(key)
        return text
    }
}
