/// A reply from a server, in RESP2 or RESP3.
public indirect enum Reply: Equatable, Sendable {
    /// `+`: a short word such as OK.
    case status([UInt8])
    /// `-` and `!`: the text of an error, starting with its code.
    case error([UInt8])
    /// `:`: an integer.
    case integer(Int64)
    /// `$`: a string.
    case bulk([UInt8])
    /// `$-1`, `*-1` and `_`: null.
    case null
    /// `,`: a floating-point number, as printed by the server.
    case double([UInt8])
    /// `#`: true or false.
    case boolean(Bool)
    /// `(`: an integer of any size, in digits.
    case bigNumber([UInt8])
    /// `=`: text for people; the format (`txt`, `mkd`) and the text.
    case verbatim(format: [UInt8], [UInt8])
    /// `*`: a sequence.
    case array([Reply])
    /// `~`: unordered members.
    case set([Reply])
    /// `%`: keys and values, alternately.
    case map([Reply])
    /// `>`: a message that is not a reply to a request.
    case push([Reply])

    /// The bytes of a reply that is one string of any kind, or nil.
    public var stringBytes: [UInt8]? {
        switch self {
        case .status(let text), .error(let text), .bulk(let text), .verbatim(_, let text): text
        case .integer, .null, .double, .boolean, .bigNumber, .array, .set, .map, .push: nil
        }
    }

    /// The replies in an aggregate of any kind (for maps, keys and values alternately), or nil.
    public var elements: [Reply]? {
        switch self {
        case .array(let elements), .set(let elements), .map(let elements), .push(let elements):
            elements
        case .status, .error, .integer, .bulk, .null, .double, .boolean, .bigNumber, .verbatim:
            nil
        }
    }

    /// The text of an error, or nil.
    public var errorText: [UInt8]? {
        guard case .error(let text) = self else { return nil }
        return text
    }

    /// The integer that the reply is or spells out, or nil.
    public var number: Int64? {
        if case .integer(let number) = self { return number }
        return stringBytes.flatMap { Int64($0.text) }
    }
}
