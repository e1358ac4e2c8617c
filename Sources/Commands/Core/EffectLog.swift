public import Primitives
internal import Structures
public import Wire

/// Requests that repeat what was done, each with the database that it belongs to.
///
/// They are written in the protocol's own form, an array of bulk strings, and in the dialect of
/// Redis 7.0 wherever that can say it: see `CommandContext.log`.
///
/// ## Invariants
/// Every record is a whole request; the last one ends where `bytes` ends.
public struct EffectLog: ~Copyable {
    /// Where a record ends, and what it is about.
    struct Record {
        let database: Int
        let end: Int
    }

    private var buffer = ByteBuffer()
    private var records: [Record] = []
    /// The words that the record at work still lacks.
    private var missing = 0

    /// Memory kept from one command to the next.
    private static let bytesKept = 64 * 1024
    private static let recordsKept = 1024

    /// An empty log.
    public init() {}

    /// The number of records.
    public var count: Int { records.count }

    /// Calls `body` with every record: the database and the bytes of the request.
    public func forEach(_ body: (_ database: Int, _ request: Bytes) -> Void) {
        assert(missing == 0, "the last record is whole")
        var start = 0
        for record in records {
            body(record.database, buffer.bytes[start..<record.end])
            start = record.end
        }
    }

    /// Forgets all records.
    public mutating func removeAll() {
        assert(missing == 0, "the last record is whole")
        buffer.removeAll(keep: EffectLog.bytesKept)
        records.removeAll(keepingCapacity: records.capacity <= EffectLog.recordsKept)
    }

    // MARK: Writing

    /// Begins a request of `count` words in `database`, the command's name first.
    public mutating func begin(_ count: Int, _ name: StaticString, in database: Int) {
        precondition(missing == 0, "the last record is whole")
        records.append(Record(database: database, end: 0))
        missing = count
        buffer.append(UInt8(ascii: "*"))
        buffer.append(decimal: Int64(count))
        buffer.append("\r\n")
        word(name)
    }

    /// Appends a request as it was received.
    public mutating func append(_ arguments: Arguments, in database: Int) {
        precondition(missing == 0, "the last record is whole")
        records.append(Record(database: database, end: 0))
        missing = arguments.count
        buffer.append(UInt8(ascii: "*"))
        buffer.append(decimal: Int64(arguments.count))
        buffer.append("\r\n")
        for index in 0..<arguments.count { word(arguments[index]) }
    }

    /// Writes the next word.
    public mutating func word(_ word: Bytes) {
        precondition(missing > 0, "the record is whole")
        buffer.append(UInt8(ascii: "$"))
        buffer.append(decimal: Int64(word.count))
        buffer.append("\r\n")
        buffer.append(word)
        buffer.append("\r\n")
        missing -= 1
        guard missing == 0, let last = records.popLast() else { return }
        records.append(Record(database: last.database, end: buffer.count))
    }

    /// Writes the next word.
    public mutating func word(_ word: StaticString) { self.word(Bytes(word)) }

    /// Writes a number as the next word.
    public mutating func word(_ number: Int64) {
        DecimalText.withText(number) { word($0) }
    }

    /// Writes a score as the next word, with all digits that it needs.
    public mutating func word(score: Double) {
        var text = ByteBuffer()
        text.append(allDigitsOf: score)
        word(text.bytes)
    }
}
