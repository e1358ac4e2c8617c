/// Text as sent over the wire.
extension String {
    /// The bytes of the text.
    public var bytes: [UInt8] { Array(utf8) }
}

extension [UInt8] {
    /// The bytes as text; invalid UTF-8 becomes U+FFFD.
    public var text: String { String(decoding: self, as: UTF8.self) }

    /// The bytes with `A`…`Z` in lower case.
    public var lowercase: [UInt8] {
        map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 + 32 : $0 }
    }

    /// Whether both are the same, ignoring the case of the letters A…Z.
    public func isSameWord(as other: String) -> Bool { lowercase == other.bytes.lowercase }
}
