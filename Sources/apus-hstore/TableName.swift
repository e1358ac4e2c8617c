/// The name of a table as a user writes it: `table`, `schema.table`, `"a.b"`.
///
/// Letters keep their case, as in `psql` inside double quotes.
struct TableName {
    /// The schema, if there is one, and the table.
    let parts: [[UInt8]]

    /// Reads a name; nil if it is none.
    init?(_ text: [UInt8]) {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && index < text.count && text[index] == byte:
                parts[parts.count - 1].append(byte)
                index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ".") where !isQuoted: parts.append([])
            default: parts[parts.count - 1].append(byte)
            }
        }
        guard !isQuoted, parts.count <= 2, !parts.contains([]) else { return nil }
        self.parts = parts
    }
}
