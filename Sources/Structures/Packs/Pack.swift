public import Primitives

/// A small run of items in one block, such as the members of a small set or the fields of a hash.
///
/// ```text
/// 0       4       6
/// ┌───────┬───────┬────────┬────────┬─────
/// │ used  │ items │ item 0 │ item 1 │ …          as `PackItem` draws them
/// │ bytes │       │        │        │
/// └───────┴───────┴────────┴────────┴─────
/// ```
/// The pack is a view; its owner holds the block. Items are identified by their offsets, which are
/// valid until the pack changes. Whatever is passed to a mutating operation must not lie in the
/// pack. Every operation is O(bytes) unless documented otherwise.
///
/// ## Invariants
/// Exactly `items` items fill the bytes from 6 to `used`.
public struct Pack: Sendable {
    /// The maximum number of items; beyond it, another structure is needed.
    public static let countMax = Int(UInt16.max)
    /// The offset of the first item.
    public static let start = 6

    /// The block.
    public let cell: Cell

    /// Views the pack in `cell`.
    @inlinable
    public init(_ cell: Cell) { self.cell = cell }

    /// The number of items.
    ///
    /// Complexity: O(1).
    @inlinable
    public var count: Int { Int(cell.load(4, as: UInt16.self)) }

    /// The size in use including the head, in bytes: the offset of the next item to append.
    ///
    /// Complexity: O(1).
    @inlinable
    public var byteCount: Int { Int(cell.load(0, as: UInt32.self)) }

    func setSize(_ byteCount: Int, _ count: Int) {
        precondition(count <= Pack.countMax, "a pack is small")
        cell.store(UInt32(byteCount), 0)
        cell.store(UInt16(count), 4)
    }

    // MARK: Reading

    /// Reads the item at `offset`; also returns the offset of the next one.
    ///
    /// Complexity: O(1).
    @inlinable
    @inline(__always)
    public func read(_ offset: Int) -> (item: PackItem, end: Int) {
        assert(offset >= Pack.start && offset < byteCount, "no item begins there")
        return PackItem.read(cell, offset)
    }

    /// The offset of the item after the one at `offset`.
    ///
    /// Complexity: O(1).
    @inlinable
    @inline(__always)
    public func end(_ offset: Int) -> Int { PackItem.end(cell, offset) }

    /// The offset of item `index`, or the pack's end for `count`.
    public func offset(_ index: Int) -> Int {
        precondition(index >= 0 && index <= count, "no such item")
        var offset = Pack.start
        for _ in 0..<index { offset = end(offset) }
        return offset
    }

    /// The offset of the first item whose text equals that of `wanted`, or nil.
    ///
    /// Looks only at every `step`th item, starting with the first.
    @inlinable
    public func find(_ wanted: PackItem, step: Int = 1) -> Int? {
        switch wanted {
        case .bytes(let bytes): return find(bytes, step)
        case .integer:
            let last = byteCount
            var offset = Pack.start
            while offset < last {
                if cell.byte(offset) >= 0x80, read(offset).item == wanted { return offset }
                for _ in 0..<step { offset = end(offset) }
            }
            return nil
        }
    }

    @inlinable
    func find(_ bytes: Bytes, _ step: Int) -> Int? {
        let last = byteCount
        let isShort = bytes.count < 0x80
        // Names with a common prefix mostly differ at the end.
        let tail = bytes.tailWord
        var offset = Pack.start
        while offset < last {
            let head = cell.byte(offset)
            if isShort {
                if Int(head) == bytes.count {
                    let found = cell.bytes(offset &+ 1, bytes.count)
                    if found.tailWord == tail, bytes.count <= 8 || found == bytes { return offset }
                }
            } else if head >= 0xC0, read(offset).item == .bytes(bytes) {
                return offset
            }
            for _ in 0..<step { offset = end(offset) }
        }
        return nil
    }

    /// Calls `body` with each item and its offset, until it returns false.
    ///
    /// `body` must not change the pack.
    @inlinable
    public func forEach(_ body: (PackItem, Int) -> Bool) {
        let last = byteCount
        var offset = Pack.start
        while offset < last {
            let (item, end) = read(offset)
            guard body(item, offset) else { return }
            offset = end
        }
    }

    // MARK: Changing

    /// Creates an empty pack with room for `payload` bytes of items.
    public static func create(_ payload: Int, _ arena: inout Arena) -> Handle {
        let handle = arena.allocate(start + payload)
        Pack(arena.cell(handle)).setSize(start, 0)
        return handle
    }

    /// Inserts `item` at `offset` (the pack's end to append); returns the block, which may be new.
    public static func insert(
        _ item: PackItem,
        at offset: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let target = makeRoom(at: offset, item.byteCount, items: 1, handle, &arena)
        item.write(to: arena.cell(target), at: offset)
        return target
    }

    /// Makes room at `offset` for `items` items of `added` bytes in total, for the caller to write.
    ///
    /// Returns the block, which may be new.
    static func makeRoom(
        at offset: Int,
        _ added: Int,
        items: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let old = Pack(arena.cell(handle))
        let (used, count) = (old.byteCount, old.count)
        precondition(offset >= start && offset <= used, "outside the pack")
        let target = arena.reallocate(handle, used + added, keeping: used)
        let pack = Pack(arena.cell(target))
        pack.cell.move(from: offset, to: offset + added, count: used - offset)
        pack.setSize(used + added, count + items)
        return target
    }

    /// Replaces the item at `offset` by `item`; returns the block, which may be new.
    public static func replace(
        _ offset: Int,
        with item: PackItem,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let old = Pack(arena.cell(handle))
        let (used, count, end) = (old.byteCount, old.count, old.end(offset))
        let size = used - (end - offset) + item.byteCount
        let target = arena.reallocate(handle, max(size, used), keeping: used)
        let pack = Pack(arena.cell(target))
        pack.cell.move(from: end, to: offset + item.byteCount, count: used - end)
        item.write(to: pack.cell, at: offset)
        pack.setSize(size, count)
        return target
    }

    /// Removes `count` items, starting at `offset`; returns the block, which may be new.
    public static func remove(
        _ offset: Int,
        count removed: Int = 1,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let pack = Pack(arena.cell(handle))
        let (used, count) = (pack.byteCount, pack.count)
        precondition(removed >= 0 && removed <= count, "more items than there are")
        var end = offset
        for _ in 0..<removed { end = pack.end(end) }
        precondition(end <= used, "more items than follow")
        pack.cell.move(from: end, to: offset, count: used - end)
        pack.setSize(used - (end - offset), count - removed)
        return arena.reallocate(handle, pack.byteCount, keeping: pack.byteCount)
    }

    // MARK: Invariants

    /// Whether the items exactly fill the bytes in use.
    public var isValid: Bool {
        var offset = Pack.start
        for _ in 0..<count {
            guard offset < byteCount else { return false }
            offset = end(offset)
        }
        return offset == byteCount
    }
}
