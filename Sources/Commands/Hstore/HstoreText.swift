internal import Primitives
internal import Store

/// The texts that hstore makes of its fields.
enum HstoreText {
    /// The forms of text.
    enum Form {
        /// A literal: `"a"=>"1", "b"=>NULL`.
        case literal
        /// A JSON object of strings: `{"a": "1", "b": null}`.
        case json
        /// The same, with numbers and Booleans (`t`, `f`) where values look like them.
        case looseJSON
    }

    /// Appends `fields` to `text`, which must not get longer than `limit`.
    ///
    /// Complexity: O(bytes).
    ///
    /// Throws: the text is too long.
    static func append(
        _ fields: borrowing FieldSelection,
        as form: Form,
        to text: inout ByteBuffer,
        limit: Int
    ) throws(CommandError) {
        let isLiteral = form == .literal
        if !isLiteral { text.append("{") }
        var isFirst = true
        for field in fields.fields {
            if !isFirst { text.append(", ") }
            isFirst = false
            field.name.withBytes { isLiteral ? text.append(quoted: $0) : text.append(json: $0) }
            text.append(isLiteral ? "=>" : ": ")
            guard let value = field.value else {
                text.append(isLiteral ? "NULL" : "null")
                continue
            }
            value.withBytes { value in
                switch form {
                case .literal: text.append(quoted: value)
                case .json: text.append(json: value)
                case .looseJSON: text.append(looseJSON: value)
                }
            }
            guard text.count <= limit else { throw .tooLong }
        }
        if !isLiteral { text.append("}") }
    }

    /// Whether `text` is a number as JSON writes it.
    static func isNumber(_ text: Bytes) -> Bool {
        var at = 0
        func isDigit() -> Bool { at < text.count && text[at] &- UInt8(ascii: "0") < 10 }
        func skipDigits() -> Bool {
            guard isDigit() else { return false }
            while isDigit() { at += 1 }
            return true
        }
        func skip(_ first: UInt8, _ second: UInt8) -> Bool {
            guard at < text.count, text[at] == first || text[at] == second else { return false }
            at += 1
            return true
        }
        _ = skip(UInt8(ascii: "-"), UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0"), UInt8(ascii: "0")), !skipDigits() { return false }
        if skip(UInt8(ascii: "."), UInt8(ascii: ".")), !skipDigits() { return false }
        if skip(UInt8(ascii: "e"), UInt8(ascii: "E")) {
            _ = skip(UInt8(ascii: "+"), UInt8(ascii: "-"))
            if !skipDigits() { return false }
        }
        return at == text.count
    }
}

extension ByteBuffer {
    /// Appends `text` in quotes, with a backslash before quotes and backslashes.
    fileprivate mutating func append(quoted text: Bytes) {
        append(text, escaping: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            $0.append("\\")
            $0.append($1)
        }
    }

    /// Appends `text` as a string of JSON; bytes from 128 on stay as they are.
    fileprivate mutating func append(json text: Bytes) {
        append(
            text,
            escaping: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
        ) { buffer, byte in
            switch byte {
            case 0x08: buffer.append("\\b")
            case 0x09: buffer.append("\\t")
            case 0x0A: buffer.append("\\n")
            case 0x0C: buffer.append("\\f")
            case 0x0D: buffer.append("\\r")
            case 0..<0x20:
                buffer.append(byte < 0x10 ? "\\u000" : "\\u001")
                let digit = byte & 15
                buffer.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            default:
                buffer.append("\\")
                buffer.append(byte)
            }
        }
    }

    fileprivate mutating func append(looseJSON text: Bytes) {
        if text == Bytes("t") {
            append("true")
        } else if text == Bytes("f") {
            append("false")
        } else if HstoreText.isNumber(text) {
            append(text)
        } else {
            append(json: text)
        }
    }

    /// Appends `text` in quotes; `escape` appends what stands for the bytes that need it.
    private mutating func append(
        _ text: Bytes,
        escaping needsEscape: (UInt8) -> Bool,
        _ escape: (inout ByteBuffer, UInt8) -> Void
    ) {
        append("\"")
        var start = 0
        for index in 0..<text.count where needsEscape(text[index]) {
            append(text[start..<index])
            escape(&self, text[index])
            start = index + 1
        }
        append(text.dropFirst(start))
        append("\"")
    }
}
