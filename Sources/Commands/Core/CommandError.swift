public import Primitives

/// A client's mistake: the reply, code first. `%` stands for the command's name in lower case, `@`
/// for the first 128 bytes of a word of the request, `^` for the whole of it, `#` for another word.
public struct CommandError: Error, @unchecked Sendable {  // because: used at once, where thrown
    /// The text that goes out after `-`.
    public let text: StaticString
    /// The word of the request that `@` and `^` stand for.
    public let word: Bytes
    /// The word of the request that `#` stands for.
    public let otherWord: Bytes

    /// An error with a text of its own; those that several commands share stand below.
    public init(_ text: StaticString, _ word: Bytes = Bytes(), _ otherWord: Bytes = Bytes()) {
        self.text = text
        self.word = word
        self.otherWord = otherWord
    }

    /// The key holds another type.
    public static let wrongType = CommandError(
        "WRONGTYPE Operation against a key holding the wrong kind of value"
    )
    /// AUTH must come first.
    public static let authenticationNeeded = CommandError("NOAUTH Authentication required.")
    /// The words make no sense.
    public static let syntax = CommandError("ERR syntax error")
    /// A number is none, or too large.
    public static let notInteger = CommandError("ERR value is not an integer or out of range")
    /// A number is beyond 32 bits where they must hold it.
    public static let beyondInt32 = CommandError(
        "ERR value is out of range, value must between -2147483648 and 2147483647"
    )
    /// A number is none.
    public static let notFloat = CommandError("ERR value is not a valid float")
    /// A position lies outside.
    public static let outOfRange = CommandError("ERR index out of range")
    /// A count must not be negative.
    public static let notPositive = CommandError("ERR value is out of range, must be positive")
    /// The key must be there.
    public static let noSuchKey = CommandError("ERR no such key")
    /// INCR would leave 64 bits.
    public static let overflow = CommandError("ERR increment or decrement would overflow")
    /// INCRBYFLOAT would leave the finite numbers.
    public static let notFinite = CommandError("ERR increment would produce NaN or Infinity")
    /// An expiry is zero, negative or too far.
    public static let invalidExpire = CommandError("ERR invalid expire time in '%' command")
    /// The wrong number of words.
    public static let wordCount = CommandError("ERR wrong number of arguments for '%' command")
    /// The value would be longer than proto-max-bulk-len.
    public static let tooLong = CommandError(
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
    )
    /// There is no memory for what a command would add.
    public static let outOfMemory = CommandError(
        "OOM command not allowed when used memory > 'maxmemory'."
    )
    /// A bit's place is none, negative or beyond proto-max-bulk-len.
    public static let bitOffset = CommandError("ERR bit offset is not an integer or out of range")
    /// A database that is not there.
    public static let databaseRange = CommandError("ERR DB index is out of range")
    /// A count of keys that is none or not positive.
    public static let keyCount = CommandError("ERR numkeys should be greater than 0")
}
