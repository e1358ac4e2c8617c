/// A set of rows of the command table, with one bit per row.
struct CommandSet: Equatable, Sendable {
    private var words: [UInt64]
    private let rowCount: Int

    /// Creates a set of none or all of `rowCount` rows.
    init(rowCount: Int, isFull: Bool = false) {
        self.rowCount = rowCount
        words = Array(repeating: 0, count: (rowCount + 63) / 64)
        if isFull { for row in 0..<rowCount { self[row] = true } }
    }

    /// Whether a row is in the set.
    subscript(row: Int) -> Bool {
        get {
            precondition(row < rowCount, "no such row")
            return words[row >> 6] & (1 << UInt64(row & 63)) != 0
        }
        set {
            precondition(row < rowCount, "no such row")
            if newValue {
                words[row >> 6] |= 1 << UInt64(row & 63)
            } else {
                words[row >> 6] &= ~(1 << UInt64(row & 63))
            }
        }
    }

    /// The number of rows in the set.
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Whether all rows are in the set.
    var isFull: Bool { count == rowCount }
}
