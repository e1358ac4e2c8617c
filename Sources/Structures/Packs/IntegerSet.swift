public import Primitives

/// A small set of integers, sorted, in one block.
///
/// ```text
/// 0      8       12      13
/// ┌──────┬───────┬───────┬──────────┬──────────┬─────
/// │ base │ count │ width │ number 0 │ number 1 │ …
/// └──────┴───────┴───────┴──────────┴──────────┴─────
/// ```
/// A number is stored as its distance from the base in `width` bytes, 1…8, little-endian: numbers
/// close to each other take few bytes whatever their magnitude. The view does not own its block.
///
/// ## Invariants
/// The numbers strictly ascend, and none is less than the base.
public struct IntegerSet: Sendable {
    /// The maximum number of elements.
    public static let countMax = 1 << 30
    private static let start = 13

    /// The block.
    public let cell: Cell

    /// Views the set in `cell`.
    @inlinable
    public init(_ cell: Cell) { self.cell = cell }

    // MARK: Reading

    private var base: Int64 { cell.load(0) }

    /// The number of elements.
    public var count: Int { Int(cell.load(8, as: UInt32.self)) }

    private var width: Int { Int(cell.byte(12)) }

    /// The size in use, in bytes.
    public var byteCount: Int { IntegerSet.start + count * width }

    /// The number at `index`, in ascending order.
    public subscript(index: Int) -> Int64 {
        precondition(index >= 0 && index < count, "no such number")
        return base &+ Int64(bitPattern: distance(index, width))
    }

    /// The distance of a number from the base.
    ///
    /// Loads the eight bytes that end where it ends, which lie in the block, as the head is longer
    /// than that.
    @inline(__always)
    private func distance(_ index: Int, _ width: Int) -> UInt64 {
        let end = IntegerSet.start &+ (index &+ 1) &* width
        return cell.load(end &- 8, as: UInt64.self) >> UInt64(64 &- width &* 8)
    }

    /// The index of `number`, or the index at which to insert it.
    ///
    /// Complexity: O(log n).
    public func find(_ number: Int64) -> (index: Int, isFound: Bool) {
        find(number, in: 0..<count)
    }

    /// As `find`, for a result of `start` or later, and most likely soon after it.
    ///
    /// Complexity: O(log d), where d is the distance from `start`.
    public func find(_ number: Int64, from start: Int) -> (index: Int, isFound: Bool) {
        let count = count
        guard number >= base else { return (start, false) }
        let (wanted, width) = (UInt64(bitPattern: number &- base), width)
        var lower = start
        var step = 1
        while lower + step < count, distance(lower + step, width) < wanted {
            lower += step
            step *= 2
        }
        return find(number, in: lower..<min(lower + step + 1, count))
    }

    private func find(_ number: Int64, in range: Range<Int>) -> (index: Int, isFound: Bool) {
        guard number >= base else { return (range.lowerBound, false) }
        let (wanted, width) = (UInt64(bitPattern: number &- base), width)
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper {
            let middle = (lower &+ upper) >> 1
            if distance(middle, width) < wanted { lower = middle &+ 1 } else { upper = middle }
        }
        return (lower, lower < range.upperBound && distance(lower, width) == wanted)
    }

    /// Calls `body` with each number in ascending order until it returns false.
    public func forEach(_ body: (Int64) -> Bool) {
        let (base, width) = (base, width)
        for index in 0..<count {
            guard body(base &+ Int64(bitPattern: distance(index, width))) else { return }
        }
    }

    // MARK: Changing

    /// Creates an empty set.
    public static func create(_ arena: inout Arena) -> Handle {
        let handle = arena.allocate(start + 1)
        IntegerSet(arena.cell(handle)).setHead(base: 0, count: 0, width: 1)
        return handle
    }

    /// Inserts `number`, which is absent, at the `index` returned by `find`.
    ///
    /// Returns the block, which may be new. Complexity: O(n).
    public static func insert(
        _ number: Int64,
        at index: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let old = IntegerSet(arena.cell(handle))
        let (count, width) = (old.count, old.width)
        precondition(index >= 0 && index <= count && count < countMax, "no such index")
        let base = count == 0 ? number : min(old.base, number)
        let last = index == count ? number : old[count - 1]
        let needed = max(width, IntegerSet.width(UInt64(bitPattern: last &- base)))
        let size = start + (count + 1) * needed
        let target = arena.reallocate(handle, size, keeping: old.byteCount)
        let set = IntegerSet(arena.cell(target))
        if base == set.base, needed == width {
            let offset = start + index * width
            set.cell.move(from: offset, to: offset + width, count: (count - index) * width)
        } else {
            set.spread(base: base, width: needed, gap: index)
        }
        set.setHead(base: base, count: count + 1, width: needed)
        set.setDistance(index, UInt64(bitPattern: number &- base), needed)
        return target
    }

    /// Rewrites all numbers with another base and width, leaving room for one more at `gap`.
    ///
    /// Works from the last to the first: as the width never decreases, no unread number is
    /// overwritten.
    private func spread(base newBase: Int64, width newWidth: Int, gap: Int) {
        let (oldBase, oldWidth) = (base, width)
        assert(newWidth >= oldWidth, "a smaller width would overwrite unread numbers")
        var index = count
        while index > 0 {
            index -= 1
            let number = oldBase &+ Int64(bitPattern: distance(index, oldWidth))
            let place = index < gap ? index : index + 1
            setDistance(place, UInt64(bitPattern: number &- newBase), newWidth)
        }
    }

    /// Removes the number at `index`; returns the block, which may be new.
    ///
    /// Complexity: O(n).
    public static func remove(_ index: Int, _ handle: Handle, _ arena: inout Arena) -> Handle {
        let set = IntegerSet(arena.cell(handle))
        let (count, width) = (set.count, set.width)
        precondition(index >= 0 && index < count, "no such number")
        let offset = start + index * width
        set.cell.move(from: offset + width, to: offset, count: (count - index - 1) * width)
        set.setHead(base: set.base, count: count - 1, width: width)
        return arena.reallocate(handle, set.byteCount, keeping: set.byteCount)
    }

    private func setHead(base: Int64, count: Int, width: Int) {
        cell.store(base, 0)
        cell.store(UInt32(count), 8)
        cell.store(UInt8(width), 12)
    }

    private func setDistance(_ index: Int, _ distance: UInt64, _ width: Int) {
        let offset = IntegerSet.start &+ index &* width
        for place in 0..<width {
            cell.store(UInt8(truncatingIfNeeded: distance >> UInt64(place &* 8)), offset &+ place)
        }
    }

    /// The minimum number of bytes for `distance`, at least one.
    private static func width(_ distance: UInt64) -> Int {
        max(1, (64 - distance.leadingZeroBitCount + 7) >> 3)
    }

    // MARK: Invariants

    /// Whether the numbers strictly ascend and the head is consistent; for tests.
    public var isValid: Bool {
        guard (1...8).contains(width), count <= IntegerSet.countMax else { return false }
        guard count > 1 else { return true }
        return (1..<count).allSatisfy { distance($0 - 1, width) < distance($0, width) }
    }
}
