internal import Primitives

/// Entries on probation, in the order in which they came: a queue of tickets (`EntryTable.ticket`).
///
/// ```text
/// first ─▶ ┌──────┬──────────────┐   ┌──────┬──────────────┐   ┌──────┬──────────────┐ ◀─ last
///          │ next │ … 127 tickets│──▶│ next │ 127 tickets  │──▶│ none │ tickets …    │
///          └──────┴──────────────┘   └──────┴──────────────┘   └──────┴──────────────┘
/// ```
/// A ticket costs four bytes and a little, and none is ever moved. The queue is a plain value that
/// does not own its memory: whoever holds it calls `removeAll` with the arena it lies in.
///
/// ## Invariants
/// There is a first chunk exactly when there is a last one. `count` is the number of tickets from
/// place `head` of the first chunk to place `tail` of the last one.
public struct ProbationRing: Sendable {
    /// The tickets held.
    public private(set) var count = 0
    private var first = Handle.none
    private var last = Handle.none
    private var head = 0
    private var tail = 0

    static let chunkBytes = 512
    static let chunkTickets = chunkBytes / 4 - 1

    /// An empty queue.
    public init() {}

    /// Adds a ticket behind the last one.
    public mutating func append(_ ticket: UInt32, _ arena: inout Arena) {
        if last.isNone || tail == ProbationRing.chunkTickets { lengthen(&arena) }
        arena.cell(last).store(ticket, 4 + tail * 4)
        tail += 1
        count += 1
    }

    private mutating func lengthen(_ arena: inout Arena) {
        let chunk = arena.allocate(ProbationRing.chunkBytes)
        arena.cell(chunk).store(Handle.none.units, 0)
        if last.isNone {
            assert(count == 0, "tickets stand in chunks")
            first = chunk
            head = 0
        } else {
            arena.cell(last).store(chunk.units, 0)
        }
        last = chunk
        tail = 0
    }

    /// Takes the first ticket, or nil.
    public mutating func popFirst(_ arena: inout Arena) -> UInt32? {
        guard count > 0 else { return nil }
        let ticket: UInt32 = arena.cell(first).load(4 + head * 4)
        head += 1
        count -= 1
        if count == 0 {
            removeAll(&arena)
        } else if head == ProbationRing.chunkTickets {
            dropFirstChunk(&arena)
        }
        return ticket
    }

    private mutating func dropFirstChunk(_ arena: inout Arena) {
        let next = Handle(units: arena.cell(first).load(0))
        arena.free(first)
        first = next
        head = 0
    }

    /// Forgets all tickets and gives all memory back.
    public mutating func removeAll(_ arena: inout Arena) {
        while !first.isNone { dropFirstChunk(&arena) }
        self = ProbationRing()
    }
}
