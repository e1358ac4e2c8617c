internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The cursor and options of SCAN, SSCAN, HSCAN and ZSCAN.
struct ScanOptions {
    /// The position from which the scan continues.
    let cursor: UInt64
    /// Roughly how many entries to visit.
    private(set) var count = 10
    /// The maximum number of buckets to visit, so that many empty ones do not delay a request.
    var bucketsMax: Int { count > Int.max / 10 ? .max : count * 10 }
    /// HSCAN's NOVALUES, ZSCAN's NOSCORES.
    private(set) var isBare = false
    private var pattern: Bytes?
    private var type: Bytes?

    /// Parses the cursor at word `cursorAt` and the words after it.
    ///
    /// `bareWord` is NOVALUES or NOSCORES if the command has such an option.
    init(
        _ arguments: Arguments,
        cursorAt index: Int,
        allowsType: Bool = false,
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

    /// The cursor that `word` spells, as parsed by C's strtoul.
    ///
    /// A sign is allowed, with a minus counting down from 2⁶⁴, and an empty word is zero.
    static func cursor(_ word: Bytes) throws(CommandError) -> UInt64 {
        let isNegative = word.count > 0 && word[0] == UInt8(ascii: "-")
        let hasSign = isNegative || word.count > 0 && word[0] == UInt8(ascii: "+")
        guard !hasSign || word.count > 1 else { throw .key(.cursor) }
        var value: UInt64 = 0
        for index in (hasSign ? 1 : 0)..<word.count {
            let digit = word[index] &- UInt8(ascii: "0")
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard digit <= 9, !overflow, !carry else { throw .key(.cursor) }
            value = sum
        }
        return isNegative ? 0 &- value : value
    }

    /// Whether a name (of a key, field or member) matches the pattern, if there is one.
    func matches(_ name: Bytes) -> Bool {
        guard let pattern else { return true }
        return GlobPattern(pattern).matches(name)
    }

    /// Whether a key matches the pattern and the type.
    func accepts(_ entry: Entry) -> Bool {
        if let type, !type.isSameWord(as: Bytes(entry.kind.name)) { return false }
        return matches(entry.key)
    }
}

/// The progress of one call of HSCAN, SSCAN or ZSCAN.
struct ValueScan {
    /// The options of the request.
    let options: ScanOptions
    /// Where the next step starts.
    fileprivate(set) var cursor: UInt64
    /// The number of names returned.
    fileprivate var found = 0
    /// The number of names visited.
    fileprivate var seen = 0

    /// Counts a name; returns whether to reply with it.
    mutating func accepts(_ name: Bytes) -> Bool {
        seen += 1
        guard options.matches(name) else { return false }
        found += 1
        return true
    }

    /// Replies to HSCAN, SSCAN or ZSCAN.
    ///
    /// `step` writes the names in the next bucket of the first key's value and returns the next
    /// cursor. With a `bareWord`, each name is followed by its value or score, unless the request
    /// contains that word.
    static func reply(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        _ kind: EntryKind,
        bareWord: StaticString? = nil,
        _ step: (Shard.Slot, inout ValueScan, inout CommandContext) -> UInt64
    ) throws(CommandError) {
        // The options are ignored if there is no such key, but the cursor must be valid.
        _ = try ScanOptions.cursor(arguments[2])
        let mark = context.reply.mark()
        guard let slot = try context.read(context.firstKey(arguments), kind) else {
            return context.reply.scanHead(0, 0, at: mark)
        }
        let options = try ScanOptions(arguments, cursorAt: 2, bareWord: bareWord)
        var scan = ValueScan(options: options, cursor: options.cursor)
        var buckets = 0
        repeat {
            scan.cursor = step(slot, &scan, &context)
            buckets += 1
        } while scan.cursor != 0 && scan.seen < options.count && buckets < options.bucketsMax
        let words = bareWord == nil || options.isBare ? 1 : 2
        context.reply.scanHead(scan.cursor, scan.found * words, at: mark)
    }
}
