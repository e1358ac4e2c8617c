/// Rows of two columns, a text and a value of hstore, as COPY reads them in binary.
///
/// ```text
/// PGCOPY \n 0xff \r \n 0 │ int32 flags │ int32 extension │ rows │ int16 -1
/// row: int16 columns │ int32 bytes, column │ …
/// ```
struct CopyData {
    private var body: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 13, 10, 0]

    init() {
        body.append(int32: 0)
        body.append(int32: 0)
    }

    mutating func append(_ text: [UInt8], _ value: HstoreValue) {
        body.append(int16: 2)
        for column in [text, value.binary] {
            body.append(int32: column.count)
            body += column
        }
    }

    /// All rows, and the end.
    var bytes: [UInt8] {
        var bytes = body
        bytes.append(int16: -1)
        return bytes
    }
}
