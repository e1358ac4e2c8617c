internal import Commands
internal import Primitives
internal import Synchronization

/// Changes made by commands, recorded for DEBUG EFFECTS.
///
/// Workers append while they hold the locks of the keys, so the records of a key are in order. The
/// records of a transaction are enclosed by MULTI and EXEC.
final class EffectJournal: Sendable {
    /// The maximum size, in case the records are never taken.
    static let bytesMax = 256 << 20

    /// The records and events so far, as parts of replies.
    private struct Kept: ~Copyable, @unchecked Sendable {  // because: the mutex guards it
        /// Arrays of a database and a request.
        var records = ByteBuffer()
        var recordCount = 0
        /// Arrays of a database, an event and a key.
        var events = ByteBuffer()
        var eventCount = 0
        /// Whether something was dropped.
        var isCut = false

        var isFull: Bool { records.count + events.count > EffectJournal.bytesMax }

        mutating func append(_ log: borrowing EffectLog, asGroup isGroup: Bool) {
            if isGroup { append("*1\r\n$5\r\nMULTI\r\n", 0) }
            log.forEach { database, request in append(request, database) }
            if isGroup { append("*1\r\n$4\r\nEXEC\r\n", 0) }
        }

        private mutating func append(_ request: StaticString, _ database: Int) {
            append(Bytes(request), database)
        }

        private mutating func append(_ request: Bytes, _ database: Int) {
            records.append("*2\r\n:")
            records.append(decimal: Int64(database))
            records.append("\r\n")
            records.append(request)
            recordCount += 1
        }
    }

    private let kept = Mutex(Kept())
    private let records = Atomic<Bool>(false)

    /// Whether changes are recorded.
    var isOn: Bool { records.load(ordering: .relaxed) }

    /// Starts or stops recording; discards earlier records.
    func turn(_ isOn: Bool) {
        records.store(isOn, ordering: .relaxed)
        kept.withLock { $0 = Kept() }
    }

    /// Appends the effects of a command.
    func append(_ effects: borrowing Effects) {
        kept.withLock { kept in
            guard !kept.isFull else {
                kept.isCut = true
                return
            }
            if !effects.isGathering { kept.append(effects.records, asGroup: effects.isGroup) }
            for touch in effects.touches
            where !touch.event.classes.isDisjoint(with: .all) {
                kept.events.append("*3\r\n:")
                kept.events.append(decimal: Int64(touch.database))
                kept.events.append("\r\n")
                kept.events.append(bulk: Bytes(touch.event.name))
                kept.events.append(bulk: effects.key(touch))
                kept.eventCount += 1
            }
        }
    }

    /// Removes the records, and passes their number and their text, elements of a reply, to `body`.
    ///
    /// If some were dropped, returns false without calling it.
    func takeRecords(_ body: (Int, Bytes) -> Void) -> Bool {
        kept.withLock { kept in
            guard !kept.isCut else { return false }
            body(kept.recordCount, kept.records.bytes)
            kept.records = ByteBuffer()
            kept.recordCount = 0
            return true
        }
    }

    /// Like `takeRecords`, for events.
    func takeEvents(_ body: (Int, Bytes) -> Void) -> Bool {
        kept.withLock { kept in
            guard !kept.isCut else { return false }
            body(kept.eventCount, kept.events.bytes)
            kept.events = ByteBuffer()
            kept.eventCount = 0
            return true
        }
    }
}

extension ByteBuffer {
    /// Appends a bulk string.
    mutating func append(bulk bytes: Bytes) {
        append(UInt8(ascii: "$"))
        append(decimal: Int64(bytes.count))
        append("\r\n")
        append(bytes)
        append("\r\n")
    }
}
