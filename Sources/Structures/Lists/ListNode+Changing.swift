internal import Primitives

/// Insertion and removal of elements in a node.
extension ListNode {
    /// The layout of a node's elements: their form and the bytes that they take.
    struct Shape {
        var form: Form
        var width: Int
        var byteCount: Int

        /// The bytes that `item` takes in this layout.
        func byteCount(_ item: PackItem) -> Int {
            form == .mixed ? ListNode.mixedByteCount(item) : width
        }
    }

    /// The longest strings stored without their lengths.
    private static let widthMax = Int(UInt16.max)

    private static func mixedByteCount(_ item: PackItem) -> Int {
        let length = item.byteCount
        return length &+ TrailingLength.byteCount(length)
    }

    /// The layout of a node that holds only `item`.
    static func shape(of item: PackItem) -> Shape {
        switch item {
        case .integer(let number):
            let width = PackItem.width(number)
            return Shape(form: .numbers, width: width, byteCount: width)
        case .bytes(let bytes):
            guard bytes.count > 0, bytes.count <= widthMax else {
                return Shape(form: .mixed, width: 0, byteCount: mixedByteCount(item))
            }
            return Shape(form: .strings, width: bytes.count, byteCount: bytes.count)
        }
    }

    /// The layout that the node would have after adding `item`.
    func shape(adding item: PackItem) -> Shape {
        guard count > 0 else { return ListNode.shape(of: item) }
        let (form, width) = (form, width)
        switch (form, item) {
        case (.strings, .bytes(let bytes)) where bytes.count == width:
            return Shape(form: form, width: width, byteCount: usedBytes &+ width)
        case (.numbers, .integer(let number)):
            let needed = PackItem.width(number)
            if needed <= width {
                return Shape(form: form, width: width, byteCount: usedBytes &+ width)
            }
            let widened = Shape(form: form, width: needed, byteCount: (count &+ 1) &* needed)
            let mixed = shapeMixed(adding: item)
            return widened.byteCount <= mixed.byteCount ? widened : mixed
        case (.mixed, _), (.strings, _), (.numbers, .bytes):
            return shapeMixed(adding: item)
        }
    }

    private func shapeMixed(adding item: PackItem) -> Shape {
        var byteCount = ListNode.mixedByteCount(item)
        switch form {
        case .mixed: byteCount &+= usedBytes
        case .strings: byteCount &+= count &* ListNode.mixedByteCount(element(0))
        case .numbers:
            walk(from: 0, limit: count, reversed: false) {
                byteCount &+= ListNode.mixedByteCount($0)
                return true
            }
        }
        return Shape(form: .mixed, width: 0, byteCount: byteCount)
    }

    /// Whether a node that grows to `shape` stays within `limit`; a first element always does.
    func admits(_ shape: Shape, _ limit: ListNodeLimit) -> Bool {
        count == 0
            || limit.allows(count: count &+ 1, byteCount: ListNode.start &+ shape.byteCount)
    }

    // MARK: Creating

    /// Creates an empty node with room for `byteCount` bytes of elements.
    public static func create(room byteCount: Int, _ arena: inout Arena) -> Handle {
        let handle = arena.allocate(start + byteCount)
        let node = ListNode(arena.cell(handle))
        node.begin = start
        node.end = start
        node.count = 0
        node.measure = 0
        node.isCompressed = false
        node.form = .mixed
        node.width = 0
        return handle
    }

    /// Creates a node with one element.
    public static func create(_ item: PackItem, _ arena: inout Arena) -> Handle {
        insert(item, at: 0, create(room: shape(of: item).byteCount, &arena), &arena)
    }

    /// Copies the node without its gaps to `arena`, which may be its own; returns the new block.
    public func copy(to arena: inout Arena) -> Handle {
        let handle = arena.allocate(storedBytes)
        let copy = ListNode(arena.cell(handle))
        copy.cell.put(cell.bytes(0, ListNode.start), 0)
        copy.cell.put(cell.bytes(begin, storedBytes - ListNode.start), ListNode.start)
        copy.begin = ListNode.start
        copy.end = ListNode.start + usedBytes
        return handle
    }

    // MARK: Inserting

    /// Inserts `item` before element `index` (`count` to append).
    ///
    /// Returns the block, which may be new.
    ///
    /// Complexity: amortised O(1) at the ends, otherwise O(bytes).
    public static func insert(
        _ item: PackItem,
        at index: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let shape = ListNode(arena.cell(handle)).shape(adding: item)
        return insert(item, as: shape, at: index, handle, &arena)
    }

    /// As above, for a layout that is already known.
    static func insert(
        _ item: PackItem,
        as shape: Shape,
        at index: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        var node = ListNode(arena.cell(handle))
        precondition(index >= 0 && index <= node.count, "outside the node")
        var target = handle
        if node.form != shape.form || node.width != shape.width {
            target = convert(handle, to: shape, &arena)
        }
        var offset = 0
        (target, offset) = open(shape.byteCount(item), at: index, target, &arena)
        node = ListNode(arena.cell(target))
        node.write(item, at: offset)
        node.count &+= 1
        return target
    }

    /// Writes `item` at `offset` in the node's form; returns the end offset.
    @discardableResult
    private func write(_ item: PackItem, at offset: Int) -> Int {
        switch (form, item) {
        case (.strings, .bytes(let bytes)): cell.put(bytes, offset)
        case (.numbers, .integer(let number)):
            for index in 0..<width {
                cell.store(
                    UInt8(truncatingIfNeeded: number >> Int64(index &* 8)),
                    offset &+ index
                )
            }
        case (.mixed, _), (.strings, .integer), (.numbers, .bytes):
            assert(form == .mixed, "the form does not hold such elements")
            let end = item.write(to: cell, at: offset)
            return TrailingLength.write(end &- offset, cell, end)
        }
        return offset &+ width
    }

    /// Converts the elements to another form, with room for one more; returns the new block.
    private static func convert(
        _ handle: Handle,
        to shape: Shape,
        _ arena: inout Arena
    ) -> Handle {
        let old = ListNode(arena.cell(handle))
        guard old.count > 0 else {
            old.form = shape.form
            old.width = shape.width
            return handle
        }
        let target = arena.allocate(roomy(start + shape.byteCount))
        let node = ListNode(arena.cell(target))
        node.cell.put(old.cell.bytes(0, start), 0)
        node.form = shape.form
        node.width = shape.width
        var offset = start
        old.walk(from: 0, limit: old.count, reversed: false) {
            offset = node.write($0, at: offset)
            return true
        }
        node.begin = start
        node.end = offset
        arena.free(handle)
        return target
    }

    /// The size to allocate for a node that grows to `needed` bytes.
    ///
    /// An eighth more, but not past the next power of two, as node limits are powers of two.
    private static func roomy(_ needed: Int) -> Int {
        guard needed >= 128 else { return needed }
        let power = 1 << (Int.bitWidth - (needed - 1).leadingZeroBitCount)
        return min(needed + needed / 8, power)
    }

    /// Opens a gap of `size` bytes before element `index`.
    ///
    /// Returns the block, which may be new, and the offset of the gap.
    private static func open(
        _ size: Int,
        at index: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> (Handle, Int) {
        let node = ListNode(arena.cell(handle))
        let (begin, end) = (node.begin, node.end)
        let back = arena.capacity(handle) &- end
        if index == node.count, back >= size {
            node.end = end &+ size
            return (handle, end)
        }
        let front = begin &- start
        if index == 0, front >= size {
            node.begin = begin &- size
            return (handle, begin &- size)
        }
        let offset = node.offset(index)
        if index > 0, index < node.count {
            if front >= size, offset - begin <= end - offset || back < size {
                node.cell.move(from: begin, to: begin - size, count: offset - begin)
                node.begin = begin - size
                return (handle, offset - size)
            }
            if back >= size {
                node.cell.move(from: offset, to: offset + size, count: end - offset)
                node.end = end + size
                return (handle, offset)
            }
        }
        return rearrange(size, at: offset, handle, &arena)
    }

    /// Moves all elements so that a gap of `size` bytes opens at `offset`.
    ///
    /// Moves to a larger block if this one is too small. Three quarters of the space left go to the
    /// end where the gap is, as more elements will be added there, the rest to the other end.
    private static func rearrange(
        _ size: Int,
        at offset: Int,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> (Handle, Int) {
        let node = ListNode(arena.cell(handle))
        let (begin, end) = (node.begin, node.end)
        let needed = start + node.usedBytes + size
        let room = arena.capacity(handle)
        let wanted = roomy(needed)
        let fits = needed <= room && (room - needed >= needed / 8 || wanted <= room)
        let target = fits ? handle : arena.allocate(wanted)
        let cell = arena.cell(target)
        let free = arena.capacity(target) - needed
        let lead = offset == begin ? free - free / 4 : offset == end ? free / 4 : 0
        let gap = start + lead + offset - begin
        if fits {
            // Move the elements before and after the gap in the order that overwrites none of them.
            if start + lead <= begin {
                cell.move(from: begin, to: start + lead, count: offset - begin)
                cell.move(from: offset, to: gap + size, count: end - offset)
            } else {
                cell.move(from: offset, to: gap + size, count: end - offset)
                cell.move(from: begin, to: start + lead, count: offset - begin)
            }
        } else {
            cell.put(node.cell.bytes(0, start), 0)
            cell.put(node.cell.bytes(begin, offset - begin), start + lead)
            cell.put(node.cell.bytes(offset, end - offset), gap + size)
            arena.free(handle)
        }
        let moved = ListNode(cell)
        moved.begin = start + lead
        moved.end = start + lead + needed - start
        return (target, gap)
    }

    // MARK: Replacing and removing

    /// Replaces element `index` by `item` if both have the same size and `item` fits the form.
    public func replace(_ index: Int, with item: PackItem) -> Bool {
        let offset = offset(index)
        if form == .mixed {
            let length = PackItem.end(cell, offset) - offset
            guard item.byteCount == length else { return false }
        } else {
            guard mayHold(item) else { return false }
        }
        write(item, at: offset)
        return true
    }

    /// Removes the elements in `range`; the block stays.
    ///
    /// Complexity: O(elements removed) at the ends, otherwise O(bytes).
    public func remove(_ range: Range<Int>) {
        precondition(range.upperBound <= count, "no such elements")
        let (lower, upper) = (offset(range.lowerBound), offset(range.upperBound))
        if lower - begin <= end - upper {
            if lower > begin {
                cell.move(from: begin, to: begin + upper - lower, count: lower - begin)
            }
            begin += upper - lower
        } else {
            if end > upper { cell.move(from: upper, to: lower, count: end - upper) }
            end -= upper - lower
        }
        count -= range.count
    }

    /// Removes up to `limit` elements equal to `item`, from the back if `reversed`.
    ///
    /// Returns how many were removed. The block stays.
    ///
    /// Complexity: O(bytes).
    public func removeMatches(_ item: PackItem, limit: Int, reversed: Bool) -> Int {
        guard mayHold(item) else { return 0 }
        var matches = 0
        walk(from: 0, limit: count, reversed: false) {
            if $0 == item { matches += 1 }
            return true
        }
        let removed = min(matches, limit)
        guard removed > 0 else { return 0 }
        let spared = reversed ? matches - removed : 0
        var (source, target, seen) = (begin, begin, 0)
        while source < end {
            let (element, next) = read(source)
            if element == item {
                seen += 1
                if seen > spared, seen <= spared + removed {
                    source = next
                    continue
                }
            }
            if source != target { cell.move(from: source, to: target, count: next - source) }
            target += next - source
            source = next
        }
        end = target
        count -= removed
        return removed
    }

    /// Moves the elements to a smaller block if theirs is more than half empty; returns the block.
    public static func fit(_ handle: Handle, _ arena: inout Arena) -> Handle {
        let node = ListNode(arena.cell(handle))
        let needed = start + node.usedBytes
        let room = arena.capacity(handle)
        guard needed * 2 < room, room > 64 else { return handle }
        let target = node.copy(to: &arena)
        arena.free(handle)
        return target
    }

    /// Moves the elements from the middle (or from `index`) on to a new node.
    ///
    /// Returns the blocks of both nodes.
    static func split(
        _ handle: Handle,
        at index: Int? = nil,
        _ arena: inout Arena
    ) -> (left: Handle, right: Handle) {
        let node = ListNode(arena.cell(handle))
        let index = index ?? node.middle
        precondition(index > 0 && index < node.count, "both parts have elements")
        let offset = node.offset(index)
        let byteCount = node.end - offset
        let right = arena.allocate(start + byteCount)
        let part = ListNode(arena.cell(right))
        part.cell.put(node.cell.bytes(0, start), 0)
        part.cell.put(node.cell.bytes(offset, byteCount), start)
        part.begin = start
        part.end = start + byteCount
        part.count = node.count - index
        node.end = offset
        node.count = index
        return (fit(handle, &arena), right)
    }

    private var middle: Int {
        guard form == .mixed else { return count / 2 }
        let half = begin + usedBytes / 2
        var (offset, index) = (begin, 0)
        while offset < half {
            offset = read(offset).end
            index += 1
        }
        return min(max(index, 1), count - 1)
    }
}
