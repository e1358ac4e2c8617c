public import Primitives
internal import Store
internal import Structures

/// Writes requests in the format of the protocol, as arrays of bulk strings.
///
/// ```text
/// begin ─▶ word, word, … ─▶ end                     one request
/// item ─▶ word, word, … ─▶ item ─▶ … ─▶ endItems    requests with some items each
/// ```
public struct RequestWriter: ~Copyable {
    /// What was written.
    public var buffer = ByteBuffer()
    /// Where the open request begins, and how many words it has; no words if none is open.
    private var start = 0
    private var words = 0
    /// How many items it has.
    private var items = 0

    /// How many items a request has at most.
    private static let itemsMax = 64

    /// Creates a writer with an empty buffer.
    public init() {}

    /// Begins a request with the name of its command.
    public mutating func begin(_ name: StaticString) {
        assert(words == 0, "the last request is whole")
        start = buffer.count
        word(name)
    }

    /// Ends the request.
    public mutating func end() {
        assert(words > 0, "a request is open")
        // The header has the number of words, which is known only now.
        let bodyCount = buffer.count - start
        buffer.append("*")
        buffer.append(decimal: Int64(words))
        buffer.append("\r\n")
        buffer.rotateTail(from: start, bodyCount: bodyCount)
        words = 0
        items = 0
    }

    /// Begins the next item of a request `name key item item …`, which begins with the first item
    /// and is followed by another one when it is full.
    mutating func item(_ name: StaticString, _ key: Bytes) {
        if items == RequestWriter.itemsMax { end() }
        if items == 0 {
            begin(name)
            word(key)
        }
        items += 1
    }

    /// Ends the request with items, if there is one.
    mutating func endItems() {
        if items > 0 { end() }
    }

    // MARK: Words

    /// Appends a word.
    public mutating func word(_ bytes: Bytes) {
        words += 1
        buffer.append("$")
        buffer.append(decimal: Int64(bytes.count))
        buffer.append("\r\n")
        buffer.append(bytes)
        buffer.append("\r\n")
    }

    /// Appends a word.
    public mutating func word(_ text: StaticString) { word(Bytes(text)) }

    /// Appends a number as a word.
    public mutating func word(_ number: Int64) { DecimalText.withText(number) { word($0) } }

    /// Appends a score as a word, with as many digits as it needs.
    mutating func word(score: Double) {
        var text = ByteBuffer()
        text.append(allDigitsOf: score)
        word(text.bytes)
    }

    /// Appends an item as a word.
    mutating func word(_ item: PackItem) {
        switch item {
        case .bytes(let bytes): word(bytes)
        case .integer(let number): word(number)
        }
    }

    /// Appends a string as a word.
    mutating func word(_ content: StringContent) { content.withBytes { word($0) } }

    /// Appends a stream id as a word.
    mutating func word(_ id: StreamID) {
        var text = ByteBuffer()
        text.append(unsigned: id.milliseconds)
        text.append("-")
        text.append(unsigned: id.sequence)
        word(text.bytes)
    }

    // MARK: Requests

    /// Selects the database of the keys that follow.
    public mutating func database(_ number: Int) {
        begin("SELECT")
        word(Int64(number))
        end()
    }

    /// Appends the request that adds a library of functions.
    public mutating func function(_ code: Bytes) {
        begin("FUNCTION")
        word("LOAD")
        word(code)
        end()
    }

    /// Removes and returns the contents, and continues with an empty buffer.
    public mutating func take() -> ByteBuffer {
        precondition(words == 0, "the last request is whole")
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        return taken
    }
}
