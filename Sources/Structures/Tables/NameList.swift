internal import Primitives

/// Blocks with names, in the bytewise order of these: the groups of a stream, a group's consumers.
///
/// ```text
/// the list            a named block
/// ┌───────┬─────────┬─────────┬────     ┌─────────────┬─────────────┬─────────┬──────┐
/// │ count │ handle  │ handle  │ …  ───▶ │ name length │ name offset │ what it │ name │
/// │ 4     │ 4       │ 4       │         │ 4           │ 4           │ names   │      │
/// └───────┴─────────┴─────────┴────     └─────────────┴─────────────┴─────────┴──────┘
/// ```
/// A plain value that does not own its memory; without blocks it has none. Finding is O(log n),
/// adding and removing move four bytes for each block behind.
///
/// ## Invariants
/// Names rise strictly.
public struct NameList: BitwiseCopyable, Sendable {
    private(set) var handle: Handle

    init(_ handle: Handle = .none) { self.handle = handle }

    /// The blocks held.
    public func count(_ arena: borrowing Arena) -> Int {
        handle.isNone ? 0 : Int(arena.cell(handle).load(0, as: UInt32.self))
    }

    /// The block at `index`.
    func block(_ index: Int, _ arena: borrowing Arena) -> Handle {
        Handle(units: arena.cell(handle).load(4 + index * 4))
    }

    /// A named block's name.
    static func name(_ cell: Cell) -> Bytes {
        cell.bytes(Int(cell.load(4, as: UInt32.self)), Int(cell.load(0, as: UInt32.self)))
    }

    /// A block of `offset` bytes, the first 8 of them the list's, with a name behind; zeroed.
    static func createBlock(_ name: Bytes, at offset: Int, _ arena: inout Arena) -> Handle {
        let handle = arena.allocate(offset + name.count)
        let cell = arena.cell(handle)
        cell.zero(0, offset)
        cell.store(UInt32(name.count), 0)
        cell.store(UInt32(offset), 4)
        cell.put(name, offset)
        return handle
    }

    /// How many names come before `name`, and whether it is held.
    private func position(_ name: Bytes, _ arena: borrowing Arena) -> (index: Int, isHeld: Bool) {
        var lower = 0
        var upper = count(arena)
        while lower < upper {
            let middle = (lower + upper) / 2
            let order = NameList.name(arena.cell(block(middle, arena))).compare(name)
            if order == 0 { return (middle, true) }
            if order < 0 { lower = middle + 1 } else { upper = middle }
        }
        return (lower, false)
    }

    /// The block with `name`, or nil.
    ///
    /// Complexity: O(log n).
    func find(_ name: Bytes, _ arena: borrowing Arena) -> Handle? {
        let place = position(name, arena)
        return place.isHeld ? block(place.index, arena) : nil
    }

    /// Adds a named block whose name is not held.
    mutating func insert(_ block: Handle, _ arena: inout Arena) {
        let place = position(NameList.name(arena.cell(block)), arena)
        precondition(!place.isHeld, "a name is added once")
        let count = count(arena)
        if handle.isNone {
            handle = arena.allocate(8)
        } else if 4 + count * 4 + 4 > arena.capacity(handle) {
            // Half as much again, so that many names cost few copies.
            handle = arena.reallocate(handle, 4 + count * 6 + 4, keeping: 4 + count * 4)
        }
        let cell = arena.cell(handle)
        let offset = 4 + place.index * 4
        cell.move(from: offset, to: offset + 4, count: (count - place.index) * 4)
        cell.store(block.units, offset)
        cell.store(UInt32(count + 1), 0)
    }

    /// Takes the block at `index` out of the list; the block itself is the caller's.
    mutating func remove(at index: Int, _ arena: inout Arena) {
        let count = count(arena)
        precondition(index < count, "no such block")
        if count == 1 {
            arena.free(handle)
            handle = .none
            return
        }
        let cell = arena.cell(handle)
        let offset = 4 + index * 4
        cell.move(from: offset + 4, to: offset, count: (count - index - 1) * 4)
        cell.store(UInt32(count - 1), 0)
        handle = arena.reallocate(handle, count * 4, keeping: count * 4)
    }

    /// Takes the block with `name` out of the list; returns it, or nil.
    mutating func remove(_ name: Bytes, _ arena: inout Arena) -> Handle? {
        let place = position(name, arena)
        guard place.isHeld else { return nil }
        let block = block(place.index, arena)
        remove(at: place.index, &arena)
        return block
    }

    /// Whether names rise strictly; for tests.
    func isValid(_ arena: borrowing Arena) -> Bool {
        for index in 1..<max(count(arena), 1) {
            let before = NameList.name(arena.cell(block(index - 1, arena)))
            guard before.compare(NameList.name(arena.cell(block(index, arena)))) < 0 else {
                return false
            }
        }
        return true
    }
}
