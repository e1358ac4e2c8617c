internal import Commands
internal import Primitives
internal import Synchronization

/// What all commands change, as one sequence of requests that repeat it.
///
/// ```text
/// settle, with the locks for the keys held ─▶ append ─▶ chunk ─▶ take ─▶ append-only file
/// ```
/// The changes of a key are in their order, since they are appended before its lock is released.
/// If a command or a group has several records, they are adjacent, between MULTI and EXEC, so that
/// all or none are repeated. Databases are selected as in a connection.
/// docs/decisions/0022-change-log.md explains why one lock is enough.
///
/// A place in the sequence is the number of bytes before it, counted from the start of the server.
final class ChangeLog: Sendable {
    /// Requests on their way to the reader.
    final class Chunk: @unchecked Sendable {  // because: handed over, never shared
        var buffer = ByteBuffer()
    }

    private struct State {
        var chunk = Chunk()
        /// The database of the last request; nil if it must be selected again.
        var database: Int?
    }

    private let state = Locked(State())
    private let appended = Atomic<UInt64>(0)
    private let records = Atomic<Bool>(false)

    /// Whether changes are recorded.
    @inline(__always)
    var isOn: Bool { records.load(ordering: .relaxed) }

    /// The end of the sequence.
    @inline(__always)
    var end: UInt64 { appended.load(ordering: .acquiring) }

    /// Starts or stops recording; what has not been taken stays.
    ///
    /// The world must be stopped, so that no change is recorded in part.
    func turn(_ isOn: Bool) {
        records.store(isOn, ordering: .relaxed)
        cut()
    }

    /// Has the next request select its database, as what follows will be read separately.
    func cut() { state.withLock { $0.database = nil } }

    /// Appends the changes of a command or of a group.
    ///
    /// The locks for their keys must be held.
    func append(_ effects: borrowing Effects) {
        guard !effects.isGathering, effects.records.count > 0 else { return }
        state.withLock { state in
            let chunk = state.chunk
            let start = chunk.buffer.count
            let isGroup = effects.records.count > 1
            if isGroup { chunk.buffer.append("*1\r\n$5\r\nMULTI\r\n") }
            effects.records.forEach { database, request in
                if state.database != database {
                    state.database = database
                    chunk.buffer.append(selecting: database)
                }
                chunk.buffer.append(request)
            }
            if isGroup { chunk.buffer.append("*1\r\n$4\r\nEXEC\r\n") }
            let count = UInt64(chunk.buffer.count - start)
            appended.store(appended.load(ordering: .relaxed) &+ count, ordering: .releasing)
        }
    }

    /// Takes all requests not taken yet, and the place at which they end; an empty chunk takes
    /// their place.
    func take(leaving spare: Chunk) -> (chunk: Chunk, end: UInt64) {
        assert(spare.buffer.count == 0, "an empty chunk")
        return state.withLock { state in
            let full = state.chunk
            state.chunk = spare
            return (full, appended.load(ordering: .relaxed))
        }
    }

    /// The number of bytes not taken yet.
    var waitingBytes: Int { state.withLock { $0.chunk.buffer.count } }
}

extension ByteBuffer {
    /// Appends a request that selects a database.
    fileprivate mutating func append(selecting database: Int) {
        append("*2\r\n$6\r\nSELECT\r\n$")
        append(decimal: Int64(String(database).utf8.count))
        append("\r\n")
        append(decimal: Int64(database))
        append("\r\n")
    }
}
