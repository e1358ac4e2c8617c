internal import Primitives

/// A queue of the entries on probation, as tickets (`EntryTable.ticket`), in order of insertion.
///
/// ```text
/// first ─▶ ┌──────┬──────────────┐   ┌──────┬──────────────┐   ┌──────┬──────────────┐ ◀─ last
///          │ next │ … 127 tickets│──▶│ next │ 127 tickets  │──▶│ none │ tickets …    │
///          └──────┴──────────────┘   └──────┴──────────────┘   └──────┴──────────────┘
/// ```
/// A ticket costs little more than four bytes and is never moved. The queue is a plain value that
/// does not own its memory: the holder must call `removeAll` with the arena that contains it.
///
/// ## Invariants
/// There is a first chunk exactly if there is a last one. `count` is the number of tickets from
/// place `head` of the first chunk to place `tail` of the last one.
public struct ProbationRing: Sendable {
    /// The number of tickets.
    public private(set) var count = 0
    private var first = Handle.none
    private var last = Handle.none
    private var head = 0
    private var tail = 0

    static let chunkBytes = 512
    static let chunkTickets = chunkBytes / 4 - 1

    /// Creates an empty queue.
    public init() {}

    /// Appends a ticket.
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
            assert(count == 0, "tickets are stored in chunks")
            first = chunk
            head = 0
        } else {
            arena.cell(last).store(chunk.units, 0)
        }
        last = chunk
        tail = 0
    }

    /// Removes and returns the first ticket, or nil.
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

    /// Removes all tickets and frees all memory.
    public mutating func removeAll(_ arena: inout Arena) {
        while !first.isNone { dropFirstChunk(&arena) }
        self = ProbationRing()
    }
}
