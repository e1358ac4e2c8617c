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

    private var writer = ReplyWriter(capacity: 0)
    private var records: [Record] = []
    /// The record that is being written: its database, where it begins, and its words so far.
    private var open: (database: Int, start: Int, words: Int)?

    /// Memory kept from one command to the next.
    private static let bytesKept = 64 * 1024
    private static let recordsKept = 1024

    /// An empty log.
    public init() {}

    /// The number of records.
    public var count: Int { records.count }

    /// Calls `body` with every record: the database and the bytes of the request.
    public func forEach(_ body: (_ database: Int, _ request: Bytes) -> Void) {
        assert(open == nil, "the last record is whole")
        var start = 0
        for record in records {
            body(record.database, writer.buffer.bytes[start..<record.end])
            start = record.end
        }
    }

    /// Forgets all records.
    public mutating func removeAll() {
        assert(open == nil, "the last record is whole")
        writer.removeAll(keep: EffectLog.bytesKept)
        records.removeAll(keepingCapacity: records.capacity <= EffectLog.recordsKept)
    }

    // MARK: Writing

    /// Begins a request in `database` with the command's name.
    ///
    /// Any number of words may follow.
    public mutating func begin(_ name: StaticString, in database: Int) {
        precondition(open == nil, "the last record is whole")
        open = (database, writer.buffer.count, 0)
        word(name)
    }

    /// Ends the request that `begin` began.
    public mutating func end() {
        guard let (database, start, words) = open else {
            preconditionFailure("a record is begun")
        }
        open = nil
        // The head tells the number of words, which is known only now.
        let bodyCount = writer.buffer.count - start
        writer.array(words)
        writer.buffer.rotateTail(from: start, bodyCount: bodyCount)
        records.append(Record(database: database, end: writer.buffer.count))
    }

    /// Appends a request as it was received.
    public mutating func append(_ arguments: Arguments, in database: Int) {
        precondition(open == nil, "the last record is whole")
        writer.array(arguments.count)
        for index in 0..<arguments.count { writer.bulk(arguments[index]) }
        records.append(Record(database: database, end: writer.buffer.count))
    }

    private mutating func countWord() {
        precondition(open != nil, "a record is begun")
        open?.words += 1
    }

    /// Writes the next word.
    public mutating func word(_ word: Bytes) {
        countWord()
        writer.bulk(word)
    }

    /// Writes the next word.
    public mutating func word(_ word: StaticString) { self.word(Bytes(word)) }

    /// Writes a number as the next word.
    public mutating func word(_ number: Int64) {
        countWord()
        writer.bulk(decimal: number)
    }

    /// Writes a score as the next word, with all digits that it needs.
    public mutating func word(score: Double) {
        var text = ByteBuffer()
        text.append(allDigitsOf: score)
        word(text.bytes)
    }

    /// Writes an element as the next word.
    mutating func word(_ item: PackItem) {
        countWord()
        writer.bulk(item)
    }

    /// Writes the id of a stream's entry as the next word.
    mutating func word(_ id: StreamID) {
        countWord()
        writer.id(id)
    }
}
