public import Primitives

/// A run of list elements in one block, with room to grow at both ends.
///
/// ```text
/// 0       4     8       12     13     14      16        20    begin            end
/// ┌───────┬─────┬───────┬──────┬──────┬───────┬─────────┬─────┬────────────────┬─────┐
/// │ begin │ end │ count │ form │ flag │ width │ measure │ gap │ elements       │ gap │
/// └───────┴─────┴───────┴──────┴──────┴───────┴─────────┴─────┴────────────────┴─────┘
/// form     elements
/// strings  `width` bytes each, with nothing in between
/// numbers  `width` bytes each, two's complement, little-endian
/// mixed    a `PackItem`, then its length as a `TrailingLength`, for reading backwards
/// ```
/// While all elements are strings of one length, or all are numbers, they have no overhead and are
/// found by index. The first element that does not fit converts the node to the mixed form. Strings
/// of 10 bytes take 10 (a listpack's 12), numbers up to 32,767 take 2 (3 or 4 in a listpack).
///
/// Pushing and popping at either end moves nothing, except that now and then the whole node is
/// moved within its block to put the gap where it is needed. `measure` is for the owner of the
/// node.
///
/// The flag marks a compressed node (see `ListNode+Compression`), of which only the head can be
/// read.
///
/// The node is a view; its owner holds the block. An element passed to a mutating operation must
/// not lie in the node.
///
/// ## Invariants
/// `count` elements fill the bytes from `begin` to `end` exactly.
public struct ListNode: Sendable {
    /// The offset of the first element of a node without a gap.
    static let start = 20

    /// The form in which the elements are stored.
    enum Form: UInt8 {
        case mixed = 0
        case strings = 1
        case numbers = 2
    }

    let cell: Cell

    /// Views the node in `cell`.
    public init(_ cell: Cell) { self.cell = cell }

    // MARK: Head

    var begin: Int {
        get { Int(cell.load(0, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 0) }
    }

    var end: Int {
        get { Int(cell.load(4, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 4) }
    }

    /// The number of elements.
    public internal(set) var count: Int {
        get { Int(cell.load(8, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 8) }
    }

    var form: Form {
        get {
            switch cell.byte(12) {
            case 1: .strings
            case 2: .numbers
            default: .mixed
            }
        }
        nonmutating set { cell.store(newValue.rawValue, 12) }
    }

    /// Whether the elements are compressed; see `readable`.
    public internal(set) var isCompressed: Bool {
        get { cell.byte(13) != 0 }
        nonmutating set { cell.store(UInt8(newValue ? 1 : 0), 13) }
    }

    /// A readable name of the form.
    public var formName: StaticString {
        switch form {
        case .mixed: "mixed"
        case .strings: "strings"
        case .numbers: "numbers"
        }
    }

    var width: Int {
        get { Int(cell.load(14, as: UInt16.self)) }
        nonmutating set { cell.store(UInt16(newValue), 14) }
    }

    /// A number for use by the owner of the node.
    public var measure: Int {
        get { Int(cell.load(16, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(clamping: newValue), 16) }
    }

    /// The size of the elements in plain form, in bytes.
    public var usedBytes: Int { end &- begin }

    // MARK: Reading

    /// Reads the element at `offset`; also returns the offset of the next one.
    @inline(__always)
    func read(_ offset: Int) -> (item: PackItem, end: Int) {
        switch form {
        case .mixed: readMixed(offset)
        case .strings: (.bytes(cell.bytes(offset, width)), offset &+ width)
        case .numbers: (.integer(number(offset, width)), offset &+ width)
        }
    }

    private func readMixed(_ offset: Int) -> (item: PackItem, end: Int) {
        let (item, end) = PackItem.read(cell, offset)
        return (item, end &+ TrailingLength.byteCount(end &- offset))
    }

    /// Reads the element that ends at `end`; also returns its offset.
    private func readMixed(endingAt end: Int) -> (item: PackItem, offset: Int) {
        let offset = TrailingLength.start(cell, end)
        return (PackItem.read(cell, offset).item, offset)
    }

    /// Reads a number of `width` bytes at `offset`.
    ///
    /// Loads the eight bytes that end where the number ends, and keeps the top ones. They lie in
    /// the block, as its head is longer than that.
    @inline(__always)
    private func number(_ offset: Int, _ width: Int) -> Int64 {
        cell.load(offset &+ width &- 8, as: Int64.self) >> Int64((8 &- width) &* 8)
    }

    /// The offset of element `index`, or the end for `count`.
    ///
    /// Complexity: O(1); in mixed form O(number of elements on the shorter side).
    func offset(_ index: Int) -> Int {
        assert(index >= 0 && index <= count, "no such element")
        guard form == .mixed else { return begin &+ index &* width }
        if index <= count / 2 {
            var offset = begin
            for _ in 0..<index { offset = readMixed(offset).end }
            return offset
        }
        var offset = end
        for _ in index..<count { offset = TrailingLength.start(cell, offset) }
        return offset
    }

    /// Element `index`, borrowed from the node.
    public func element(_ index: Int) -> PackItem {
        precondition(index >= 0 && index < count, "no such element")
        return read(offset(index)).item
    }

    /// Calls `body` with up to `limit` elements from `index` on, backwards if `reversed`.
    ///
    /// Stops when `body` returns false; returns whether it never did. `body` must not change the
    /// node.
    @discardableResult
    public func walk(
        from index: Int,
        limit: Int,
        reversed: Bool,
        _ body: (PackItem) -> Bool
    ) -> Bool {
        let steps = min(limit, reversed ? index &+ 1 : count &- index)
        guard form != .mixed else { return walkMixed(index, steps, reversed, body) }
        let (form, width) = (form, width)
        let step = reversed ? -width : width
        var offset = begin &+ index &* width
        for _ in 0..<max(steps, 0) {
            let item: PackItem =
                form == .strings
                ? .bytes(cell.bytes(offset, width)) : .integer(number(offset, width))
            guard body(item) else { return false }
            offset &+= step
        }
        return true
    }

    /// A run of consecutive elements.
    public enum Run {
        /// Strings of `width` bytes each, stored without gaps.
        case strings(Bytes, width: Int)
        /// A single element.
        case item(PackItem)
    }

    /// Calls `body` with up to `limit` elements from `index` on.
    ///
    /// Strings of equal length are passed all at once. `body` must not change the node.
    public func forEachRun(from index: Int, limit: Int, _ body: (Run) -> Void) {
        let steps = min(limit, count &- index)
        guard form == .strings, steps > 0 else {
            walk(from: index, limit: limit, reversed: false) {
                body(.item($0))
                return true
            }
            return
        }
        let width = width
        body(.strings(cell.bytes(begin &+ index &* width, steps &* width), width: width))
    }

    private func walkMixed(
        _ index: Int,
        _ steps: Int,
        _ reversed: Bool,
        _ body: (PackItem) -> Bool
    ) -> Bool {
        var offset = offset(reversed ? index + 1 : index)
        for _ in 0..<max(steps, 0) {
            let (item, next) = reversed ? readMixed(endingAt: offset) : readMixed(offset)
            guard body(item) else { return false }
            offset = next
        }
        return true
    }

    /// Calls `body` with the index of every element equal to `item`, until it returns false.
    ///
    /// Looks at the first `limit` elements, or the last ones in descending order if `reversed`.
    public func forEachMatch(
        _ item: PackItem,
        limit: Int,
        reversed: Bool,
        _ body: (Int) -> Bool
    ) {
        guard count > 0, mayHold(item) else { return }
        var index = reversed ? count - 1 : 0
        let step = reversed ? -1 : 1
        walk(from: index, limit: limit, reversed: reversed) { element in
            defer { index += step }
            return element == item ? body(index) : true
        }
    }

    /// Whether the node contains `item`.
    func holds(_ item: PackItem) -> Bool {
        guard mayHold(item) else { return false }
        return !readable.walk(from: 0, limit: count, reversed: false) { !($0 == item) }
    }

    /// Whether the node may contain `item`, judging by its form.
    func mayHold(_ item: PackItem) -> Bool {
        switch (form, item) {
        case (.mixed, _): true
        case (.strings, .bytes(let bytes)): bytes.count == width
        case (.numbers, .integer(let number)): PackItem.width(number) <= width
        case (.strings, .integer), (.numbers, .bytes): false
        }
    }

    // MARK: Invariants

    /// Whether all invariants hold within a block of `capacity` bytes.
    ///
    /// The elements must fill their bytes exactly and read the same backwards.
    func isValid(capacity: Int) -> Bool {
        guard !isCompressed else {
            guard storedBytes <= capacity, measure < usedBytes else { return false }
            return readable.isValid(capacity: end)
        }
        guard begin >= ListNode.start, begin <= end, end <= capacity else { return false }
        guard form == .mixed else { return width > 0 && usedBytes == count * width }
        var offset = begin
        for _ in 0..<count {
            guard offset < end else { return false }
            let next = readMixed(offset).end
            guard TrailingLength.start(cell, next) == offset else { return false }
            offset = next
        }
        return offset == end
    }
}

/// The length of an item, stored after it and read backwards.
///
/// The last byte holds the low seven bits; a set top bit means that the byte before holds the next
/// seven.
enum TrailingLength {
    /// The size of an encoded length in bytes.
    @inline(__always)
    static func byteCount(_ length: Int) -> Int {
        if _fastPath(length < 1 << 7) { return 1 }
        return length < 1 << 14 ? 2 : length < 1 << 21 ? 3 : length < 1 << 28 ? 4 : 5
    }

    /// Writes `length` at `offset`; returns the end offset.
    static func write(_ length: Int, _ cell: Cell, _ offset: Int) -> Int {
        let end = offset &+ byteCount(length)
        var rest = length
        var place = end &- 1
        while place >= offset {
            let more: UInt8 = place > offset ? 0x80 : 0
            cell.store(UInt8(truncatingIfNeeded: rest & 0x7F) | more, place)
            rest >>= 7
            place &-= 1
        }
        return end
    }

    /// The start of the item whose encoded length ends at `end`.
    @inline(__always)
    static func start(_ cell: Cell, _ end: Int) -> Int {
        var place = end &- 1
        var byte = cell.byte(place)
        var length = Int(byte & 0x7F)
        var shift = 7
        while _slowPath(byte & 0x80 != 0) {
            place &-= 1
            byte = cell.byte(place)
            length |= Int(byte & 0x7F) << shift
            shift &+= 7
        }
        return place &- length
    }
}
