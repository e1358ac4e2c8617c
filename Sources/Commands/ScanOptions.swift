internal import Primitives
internal import Structures
internal import Wire

/// The cursor and options of SCAN, SSCAN, HSCAN and ZSCAN.
struct ScanOptions {
    /// Where the scan goes on.
    let cursor: UInt64
    /// How many entries to look at, about.
    private(set) var count = 10
    /// HSCAN's NOVALUES, ZSCAN's NOSCORES.
    private(set) var isBare = false
    private var pattern: Bytes?
    private var type: Bytes?

    /// Reads the cursor at word `cursorAt` and what follows. `bareWord` is NOVALUES or NOSCORES
    /// where the command knows it.
    init(
        _ arguments: Arguments, cursorAt index: Int, allowsType: Bool = false,
        bareWord: StaticString? = nil
    ) throws(CommandError) {
        cursor = try ScanOptions.cursor(arguments[index])
        var at = index + 1
        while at < arguments.count {
            let word = arguments[at]
            let hasValue = at + 1 < arguments.count
            if word.isWord("COUNT"), hasValue {
                let number = try arguments.integer(at + 1)
                guard number >= 1 else { throw .syntax }
                count = Int(number)
                at += 2
            } else if word.isWord("MATCH"), hasValue {
                pattern = arguments[at + 1]
                at += 2
            } else if allowsType, word.isWord("TYPE"), hasValue {
                type = arguments[at + 1]
                at += 2
            } else if let bareWord, word.isWord(bareWord) {
                isBare = true
                at += 1
            } else {
                throw .syntax
            }
        }
    }

    /// The cursor that `word` spells, as C's strtoul has it: a sign may stand first, a minus counts
    /// down from 2⁶⁴, and nothing at all is zero.
    static func cursor(_ word: Bytes) throws(CommandError) -> UInt64 {
        let isNegative = word.count > 0 && word[0] == 0x2D
        let hasSign = isNegative || word.count > 0 && word[0] == 0x2B
        guard !hasSign || word.count > 1 else { throw CommandError("ERR invalid cursor") }
        var value: UInt64 = 0
        for index in (hasSign ? 1 : 0)..<word.count {
            let digit = word[index] &- 0x30
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard digit <= 9, !overflow, !carry else { throw CommandError("ERR invalid cursor") }
            value = sum
        }
        return isNegative ? 0 &- value : value
    }

    /// Whether a name (a key, field or member) matches the pattern, if there is one.
    func matches(_ name: Bytes) -> Bool {
        guard let pattern else { return true }
        return GlobPattern(pattern).matches(name)
    }

    /// Whether a key matches pattern and type.
    func accepts(_ entry: Entry) -> Bool {
        if let type, !type.isSameWord(as: Bytes(entry.kind.name)) { return false }
        return matches(entry.key)
    }
}
