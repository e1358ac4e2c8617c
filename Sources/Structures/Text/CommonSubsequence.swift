public import Primitives

/// The longest common subsequence of two byte strings.
///
/// Let L(i, j) be the length for the first i bytes of one and the first j of the other. Row i is
/// stored as bits: bit j - 1 is zero if L(i, j) is one more than L(i, j - 1). A row is computed
/// from the one before by a few word operations, 64 columns at a time:
///
/// ```text
/// matches  for each byte of the first string: bit j is set if the second has it at j
/// rows     ┌─ row 0: all ones ────────────┐
///          │  row 1                       │  ⌈second / 64⌉ words each
///          └─ row i … ────────────────────┘
/// ```
/// If the last bytes differ, L(i - 1, j) > L(i, j - 1) exactly if bit j - 1 of row i is zero, so
/// the rows suffice to walk back. Memory: a bit per cell, and at most as much again for the
/// matches.
///
/// Source: M. Crochemore et al., "A fast and practical bit-vector algorithm for the longest common
/// subsequence problem", 2001.
public struct CommonSubsequence {
    /// A maximal range of bytes that match in both strings.
    public struct Run {
        /// The range in the first string.
        public let first: Range<Int>
        /// The range in the second string.
        public let second: Range<Int>
    }

    private let first: Bytes
    private let second: Bytes
    private let rowWords: Int
    private var rows: [UInt64] = []
    /// The length of the subsequence.
    public private(set) var count = 0

    /// Compares `first` and `second`, which are borrowed for the lifetime of this value.
    ///
    /// Complexity: O(`first` · `second` / 64).
    public init(_ first: Bytes, _ second: Bytes) {
        self.first = first
        self.second = second
        rowWords = (second.count + 63) / 64
        guard first.count > 0, second.count > 0 else { return }
        compare()
    }

    private mutating func compare() {
        rows = Array(repeating: .max, count: (first.count + 1) * rowWords)
        let matches = Matches(first, second, rowWords)
        for index in 0..<first.count {
            let old = index * rowWords
            let start = matches.start(first[index])
            var carry = false
            for word in 0..<rowWords {
                let row = rows[old + word]
                let hit = row & matches.words[start + word]
                let (partial, overflow) = row.addingReportingOverflow(hit)
                let (sum, carried) = partial.addingReportingOverflow(carry ? 1 : 0)
                carry = overflow || carried
                rows[old + rowWords + word] = sum | row & ~hit
            }
        }
        let last = first.count * rowWords
        for column in 0..<second.count where !isOne(last, column) { count += 1 }
    }

    private func isOne(_ rowStart: Int, _ column: Int) -> Bool {
        rows[rowStart + column >> 6] & 1 << UInt64(column & 63) != 0
    }

    /// Calls `body` with the positions of each byte of the subsequence, last byte first.
    private func walkBack(_ body: (Int, Int) -> Void) {
        var row = count == 0 ? 0 : first.count
        var column = second.count
        while row > 0, column > 0 {
            if first[row - 1] == second[column - 1] {
                row -= 1
                column -= 1
                body(row, column)
            } else if isOne(row * rowWords, column - 1) {
                column -= 1
            } else {
                row -= 1
            }
        }
    }

    /// Writes the subsequence, which has `count` bytes, to `target`.
    public func write(to target: Cell) {
        var left = count
        walkBack { row, _ in
            left -= 1
            target.store(first[row], left)
        }
        assert(left == 0, "the walk visits every byte")
    }

    /// Calls `body` with the runs that make up the subsequence, last run first.
    public func forEachRun(_ body: (Run) -> Void) {
        var run: Run?
        walkBack { row, column in
            if let last = run {
                if last.first.lowerBound == row + 1, last.second.lowerBound == column + 1 {
                    run = Run(
                        first: row..<last.first.upperBound,
                        second: column..<last.second.upperBound
                    )
                    return
                }
                body(last)
            }
            run = Run(first: row..<row + 1, second: column..<column + 1)
        }
        if let run { body(run) }
    }

    /// For each byte in the first string, a bitmap of its positions in the second.
    private struct Matches {
        private var starts: InlineArray<256, Int32> = .init(repeating: -1)
        private let rowWords: Int
        private(set) var words: [UInt64]

        init(_ first: Bytes, _ second: Bytes, _ rowWords: Int) {
            self.rowWords = rowWords
            var kinds: Int32 = 0
            for index in 0..<first.count where starts[Int(first[index])] < 0 {
                starts[Int(first[index])] = kinds
                kinds += 1
            }
            words = Array(repeating: 0, count: Int(kinds) * rowWords)
            for column in 0..<second.count where starts[Int(second[column])] >= 0 {
                words[start(second[column]) + column >> 6] |= 1 << UInt64(column & 63)
            }
        }

        func start(_ byte: UInt8) -> Int { Int(starts[Int(byte)]) * rowWords }
    }
}
