/// Finds numbers by keys of 64 bits: open addressing with linear probing.
///
/// ```text
/// key × odd constant:  top 4 … 10 bits: segment │ from bit 16 on: first cell to look at
/// segment:  ┌─────┬─────┬─────┬─────┐
///           │ key │     │ key │ key │  at most three quarters full
///           └─────┴─────┴─────┴─────┘
/// ```
/// It grows segment by segment, so that no single addition moves more than a small part of it.
///
/// ## Invariants
/// Between the first cell to look for a key at and the key's own there is no empty one.
struct NumberTable {
    /// A key and its number.
    fileprivate struct Cell {
        var key: UInt64
        var number: UInt32
        /// Whether the number has the meaning that the owner gives to the flag.
        var flag: Bool
        var isUsed: Bool

        static let empty = Cell(key: 0, number: 0, flag: false, isUsed: false)
    }

    fileprivate struct Segment {
        /// A power of two of them, or none.
        var cells: [Cell] = []
        var count = 0
    }

    /// What a key leads to.
    struct Value: Equatable {
        var number: UInt32
        var flag = false
    }

    fileprivate static let cellsMin = 4

    private var segments: [Segment]
    /// By how much a key's product is shifted for the number of its segment.
    private let shift: Int
    /// The number of keys.
    private(set) var count = 0
    /// The number of cells, empty ones included.
    private var capacity = 0

    /// Creates an empty table of 2^`segmentBits` segments.
    init(segmentBits: Int) {
        precondition((1...10).contains(segmentBits), "not too few, not too many")
        segments = Array(repeating: Segment(), count: 1 << segmentBits)
        shift = 64 - segmentBits
    }

    /// The memory it takes, in bytes.
    var byteCount: Int {
        capacity * MemoryLayout<Cell>.stride + segments.count * MemoryLayout<Segment>.stride
    }

    /// What `key` leads to, or nil; setting nil removes it.
    ///
    /// Complexity: O(1), or O(keys / segments) if the table grows.
    subscript(key: UInt64) -> Value? {
        get {
            let home = NumberTable.home(key)
            let place = place(key)
            guard let index = segments[place].find(key, home) else { return nil }
            let cell = segments[place].cells[index]
            return Value(number: cell.number, flag: cell.flag)
        }
        set {
            let home = NumberTable.home(key)
            let place = place(key)
            guard let newValue else {
                guard segments[place].remove(key, home) else { return }
                count -= 1
                return
            }
            let before = segments[place].cells.count
            if segments[place].set(key, home, newValue) { count += 1 }
            capacity += segments[place].cells.count - before
        }
    }

    private static func mix(_ key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }

    private func place(_ key: UInt64) -> Int { Int(NumberTable.mix(key) >> UInt64(shift)) }

    fileprivate static func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: mix(key) >> 16 & 0xFF_FFFF_FFFF)
    }
}

extension NumberTable.Segment {
    private var mask: Int { cells.count - 1 }

    func find(_ key: UInt64, _ home: Int) -> Int? {
        guard count > 0 else { return nil }
        var index = home & mask
        while cells[index].isUsed {
            if cells[index].key == key { return index }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Returns whether the key is new.
    mutating func set(_ key: UInt64, _ home: Int, _ value: NumberTable.Value) -> Bool {
        if let index = find(key, home) {
            cells[index].number = value.number
            cells[index].flag = value.flag
            return false
        }
        if (count + 1) * 4 > cells.count * 3 { grow() }
        insert(NumberTable.Cell(key: key, number: value.number, flag: value.flag, isUsed: true))
        count += 1
        return true
    }

    private mutating func insert(_ cell: NumberTable.Cell) {
        var index = NumberTable.home(cell.key) & mask
        while cells[index].isUsed { index = (index + 1) & mask }
        cells[index] = cell
    }

    private mutating func grow() {
        let old = cells
        cells = Array(repeating: .empty, count: max(NumberTable.cellsMin, old.count * 2))
        for cell in old where cell.isUsed { insert(cell) }
    }

    /// Returns whether the key was there.
    mutating func remove(_ key: UInt64, _ home: Int) -> Bool {
        guard var hole = find(key, home) else { return false }
        count -= 1
        // Those behind it that may move into the hole do so, as a search ends at an empty cell.
        var index = (hole + 1) & mask
        while cells[index].isUsed {
            let home = NumberTable.home(cells[index].key) & mask
            if (index - home) & mask >= (index - hole) & mask {
                cells[hole] = cells[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        cells[hole] = .empty
        return true
    }
}
