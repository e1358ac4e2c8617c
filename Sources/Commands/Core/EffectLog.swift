public import Primitives
internal import Structures
public import Wire

/// Requests that repeat the changes made, each with its database.
///
/// They are RESP arrays of bulk strings, and use only what Redis 7.0 knows if that can express the
/// change: see `CommandContext.log`.
///
/// ## Invariants
/// Every record is a complete request; the last one ends where `bytes` ends.
public struct EffectLog: ~Copyable {
    /// The end of a record, and its database.
    struct Record {
        let database: Int
        let end: Int
    }

    private var writer = ReplyWriter(capacity: 0)
    private var records: [Record] = []
    /// The record being written: its database, its start, and the number of words so far.
    private var open: (database: Int, start: Int, words: Int)?

    /// How much memory to keep from one command to the next.
    private static let bytesKept = 64 * 1024
    private static let recordsKept = 1024

    /// Creates an empty log.
    public init() {}

    /// The number of records.
    public var count: Int { records.count }

    /// Calls `body` with the database and the bytes of each record.
    public func forEach(_ body: (_ database: Int, _ request: Bytes) -> Void) {
        assert(open == nil, "the last record is complete")
        var start = 0
        for record in records {
            body(record.database, writer.buffer.bytes[start..<record.end])
            start = record.end
        }
    }

    /// Removes all records.
    public mutating func removeAll() {
        assert(open == nil, "the last record is complete")
        writer.removeAll(keep: EffectLog.bytesKept)
        records.removeAll(keepingCapacity: records.capacity <= EffectLog.recordsKept)
    }

    // MARK: Writing

    /// Begins a record in `database` with the name of the command.
    ///
    /// Any number of words may follow.
    public mutating func begin(_ name: StaticString, in database: Int) {
        precondition(open == nil, "the last record is complete")
        open = (database, writer.buffer.count, 0)
        word(name)
    }

    /// Ends the record that `begin` began.
    public mutating func end() {
        guard let (database, start, words) = open else {
            preconditionFailure("no record is open")
        }
        open = nil
        // The header contains the number of words, which is known only now.
        let bodyCount = writer.buffer.count - start
        writer.array(words)
        writer.buffer.rotateTail(from: start, bodyCount: bodyCount)
        records.append(Record(database: database, end: writer.buffer.count))
    }

    /// Appends a request as received.
    public mutating func append(_ arguments: Arguments, in database: Int) {
        precondition(open == nil, "the last record is complete")
        writer.array(arguments.count)
        for index in 0..<arguments.count { writer.bulk(arguments[index]) }
        records.append(Record(database: database, end: writer.buffer.count))
    }

    private mutating func countWord() {
        precondition(open != nil, "no record is open")
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

    /// Writes a score as the next word, with as many digits as necessary.
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

    /// Writes a stream id as the next word.
    mutating func word(_ id: StreamID) {
        countWord()
        writer.id(id)
    }
}
