public import Primitives

/// A run of a list's elements in one block, with room to grow at both ends.
///
/// ```text
/// 0       4     8       12     13     14      16        20    begin            end
/// ┌───────┬─────┬───────┬──────┬──────┬───────┬─────────┬─────┬────────────────┬─────┐
/// │ begin │ end │ count │ form │ flag │ width │ measure │ gap │ elements       │ gap │
/// └───────┴─────┴───────┴──────┴──────┴───────┴─────────┴─────┴────────────────┴─────┘
/// form     elements
/// strings  of `width` bytes each, nothing between
/// numbers  of `width` bytes each, two's complement, little-endian
/// mixed    a `PackItem`, then its length as `TrailingLength` has it, so that one reads backwards
/// ```
/// As long as all elements are strings of one length, or numbers, none takes a byte beyond its own
/// and each is found by its number; the first that does not fit turns the node to the mixed form.
/// Strings of 10 bytes take 10 (a listpack's 12), numbers up to 32,767 take 2 (there 3 or 4).
///
/// Pushing and popping at either end moves nothing but now and then the whole node, so that the
/// gap is where it is needed. `measure` is a number of the holder's own.
///
/// The flag says that the node is compressed, which `ListNode+Compression` draws; then nothing but
/// its head is there to read.
///
/// The node is a view; the block is its holder's. An element given to a changing operation must not
/// lie in the node.
///
/// ## Invariants
/// `count` elements fill the bytes from `begin` to `end` exactly.
public struct ListNode: Sendable {
    /// Where the first element of a node without a gap begins.
    static let start = 20

    /// How the elements stand.
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

    /// The elements held.
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

    /// The name of the form, for people.
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

    /// A number of the holder's own.
    public var measure: Int {
        get { Int(cell.load(16, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(clamping: newValue), 16) }
    }

    /// The bytes of the elements when they are plain.
    public var usedBytes: Int { end &- begin }

    // MARK: Reading

    /// The element at `offset`, and where the next one begins.
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

    /// The element that ends at `end`, and where it begins.
    private func readMixed(endingAt end: Int) -> (item: PackItem, offset: Int) {
        let offset = TrailingLength.start(cell, end)
        return (PackItem.read(cell, offset).item, offset)
    }

    /// The number of `width` bytes at `offset`: the top of eight that end with it, which lie in the
    /// block, as its head has more.
    @inline(__always)
    private func number(_ offset: Int, _ width: Int) -> Int64 {
        cell.load(offset &+ width &- 8, as: Int64.self) >> Int64((8 &- width) &* 8)
    }

    /// Where element `index` begins; the end for `count`.
    ///
    /// Complexity: O(1), mixed O(the elements on the shorter side).
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

    /// Element `index`, lent by the node.
    public func element(_ index: Int) -> PackItem {
        precondition(index >= 0 && index < count, "no such element")
        return read(offset(index)).item
    }

    /// Calls `body` with up to `limit` elements from `index` on, downwards if `reversed`, until it
    /// says false; returns whether it never did.
    ///
    /// `body` must not change the node.
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

    /// Some elements that follow each other.
    public enum Run {
        /// Strings of `width` bytes, one behind the other.
        case strings(Bytes, width: Int)
        /// Another element.
        case item(PackItem)
    }

    /// Calls `body` with up to `limit` elements from `index` on, those that stand without lengths
    /// all at once.
    ///
    /// `body` must not change the node.
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

    /// Calls `body` with the index of every element equal to `item` among the first `limit`, or the
    /// last ones in falling order when `reversed`, until it says false.
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

    /// Whether `item` is among the elements.
    func holds(_ item: PackItem) -> Bool {
        guard mayHold(item) else { return false }
        return !readable.walk(from: 0, limit: count, reversed: false) { !($0 == item) }
    }

    /// Whether `item` may be among the elements, as their form tells.
    func mayHold(_ item: PackItem) -> Bool {
        switch (form, item) {
        case (.mixed, _): true
        case (.strings, .bytes(let bytes)): bytes.count == width
        case (.numbers, .integer(let number)): PackItem.width(number) <= width
        case (.strings, .integer), (.numbers, .bytes): false
        }
    }

    // MARK: Invariants

    /// Whether the elements fill their bytes exactly, within a block of `capacity` bytes, and read
    /// the same backwards.
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

/// The length of an item, behind it, to be read backwards: the last byte has its low seven bits, a
/// set top bit says that the byte before has the next seven.
enum TrailingLength {
    /// The bytes that a length takes.
    @inline(__always)
    static func byteCount(_ length: Int) -> Int {
        if _fastPath(length < 1 << 7) { return 1 }
        return length < 1 << 14 ? 2 : length < 1 << 21 ? 3 : length < 1 << 28 ? 4 : 5
    }

    /// Writes `length` at `offset`; returns where it ends.
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

    /// Where the item begins whose length ends at `end`.
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
