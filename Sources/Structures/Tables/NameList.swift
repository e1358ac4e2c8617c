internal import Primitives

/// Named blocks in bytewise order of their names: a stream's groups, or a group's consumers.
///
/// ```text
/// the list            a named block
/// ┌───────┬─────────┬─────────┬────     ┌─────────────┬─────────────┬─────────┬──────┐
/// │ count │ handle  │ handle  │ …  ───▶ │ name length │ name offset │ content │ name │
/// │ 4     │ 4       │ 4       │         │ 4           │ 4           │         │      │
/// └───────┴─────────┴─────────┴────     └─────────────┴─────────────┴─────────┴──────┘
/// ```
/// A plain value that does not own its memory; an empty list has none. Lookup is O(log n);
/// insertion and removal move four bytes for each block after it.
///
/// ## Invariants
/// Names strictly ascend.
public struct NameList: BitwiseCopyable, Sendable {
    private(set) var handle: Handle

    init(_ handle: Handle = .none) { self.handle = handle }

    /// The number of blocks.
    public func count(_ arena: borrowing Arena) -> Int {
        handle.isNone ? 0 : Int(arena.cell(handle).load(0, as: UInt32.self))
    }

    /// The block at `index`.
    func block(_ index: Int, _ arena: borrowing Arena) -> Handle {
        Handle(units: arena.cell(handle).load(4 + index * 4))
    }

    /// The name of a named block.
    static func name(_ cell: Cell) -> Bytes {
        cell.bytes(Int(cell.load(4, as: UInt32.self)), Int(cell.load(0, as: UInt32.self)))
    }

    /// Creates a zeroed block of `offset` bytes, the first 8 of them the list's, and a name.
    static func createBlock(_ name: Bytes, at offset: Int, _ arena: inout Arena) -> Handle {
        let handle = arena.allocate(offset + name.count)
        let cell = arena.cell(handle)
        cell.zero(0, offset)
        cell.store(UInt32(name.count), 0)
        cell.store(UInt32(offset), 4)
        cell.put(name, offset)
        return handle
    }

    /// The number of names that come before `name`, and whether `name` is in the list.
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

    /// The block named `name`, or nil.
    ///
    /// Complexity: O(log n).
    func find(_ name: Bytes, _ arena: borrowing Arena) -> Handle? {
        let place = position(name, arena)
        return place.isHeld ? block(place.index, arena) : nil
    }

    /// Adds a named block; its name must not be in the list.
    mutating func insert(_ block: Handle, _ arena: inout Arena) {
        let place = position(NameList.name(arena.cell(block)), arena)
        precondition(!place.isHeld, "the name is already in the list")
        let count = count(arena)
        if handle.isNone {
            handle = arena.allocate(8)
        } else if 4 + count * 4 + 4 > arena.capacity(handle) {
            // Grow by half, so that many names cost few copies.
            handle = arena.reallocate(handle, 4 + count * 6 + 4, keeping: 4 + count * 4)
        }
        let cell = arena.cell(handle)
        let offset = 4 + place.index * 4
        cell.move(from: offset, to: offset + 4, count: (count - place.index) * 4)
        cell.store(block.units, offset)
        cell.store(UInt32(count + 1), 0)
    }

    /// Removes the block at `index` from the list; the caller owns the block.
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

    /// Removes the block named `name` from the list; returns it, or nil.
    mutating func remove(_ name: Bytes, _ arena: inout Arena) -> Handle? {
        let place = position(name, arena)
        guard place.isHeld else { return nil }
        let block = block(place.index, arena)
        remove(at: place.index, &arena)
        return block
    }

    /// Whether names strictly ascend; for tests.
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
