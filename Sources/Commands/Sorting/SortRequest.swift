internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// A pattern of BY or GET: the element, or a key or hash field whose name contains the element.
///
/// ```text
/// weight_*->rank     prefix, element, suffix, and the field after an arrow
/// #                  the element
/// ```
struct SortPattern {
    private let word: Bytes
    /// Where the element is inserted; nil if nowhere.
    private let star: Int?
    /// The end of the key.
    private let keyEnd: Int

    /// Parses a word.
    init(_ word: Bytes) {
        self.word = word
        var star: Int?
        var keyEnd = word.count
        for index in 0..<word.count {
            if star == nil {
                if word[index] == UInt8(ascii: "*") { star = index }
            } else if word[index] == UInt8(ascii: "-"), index + 2 < word.count,
                word[index + 1] == UInt8(ascii: ">")
            {
                keyEnd = index
                break
            }
        }
        self.star = star
        self.keyEnd = keyEnd
    }

    /// Whether the pattern is the same for all elements.
    var isConstant: Bool { star == nil }

    /// Calls `body` with the value that the pattern refers to for `element`, nil if there is none.
    func look(
        _ element: Bytes,
        _ name: inout ByteBuffer,
        _ context: inout CommandContext
    ) -> StringContent? {
        guard let star else { return word == Bytes("#") ? .bytes(element) : nil }
        name.truncate(to: 0)
        name.append(word[0..<star])
        name.append(element)
        name.append(word[star + 1..<keyEnd])
        guard let slot = context.read(context.key(name.bytes)) else { return nil }
        if keyEnd < word.count {
            guard slot.entry.isKind(.hash) else { return nil }
            return HashValue(slot).find(word.dropFirst(keyEnd + 2), now: context.now)?.content
        }
        return slot.entry.isKind(.string) ? StringValue.content(slot.entry) : nil
    }
}

/// The options of SORT.
struct SortRequest {
    private(set) var isDescending = false
    /// Whether to compare bytes instead of numbers.
    private(set) var isAlphabetic = false
    /// The pattern for weights; nil if elements are their own weights.
    private(set) var by: SortPattern?
    /// Whether to keep the original order.
    private(set) var keepsOrder = false
    /// What to return for each element; if empty, the element.
    private(set) var patterns: [SortPattern] = []
    /// The key to store the result at.
    private(set) var target: Bytes?
    /// The first option that reads keys not named in the request.
    private(set) var leadingOption: StaticString?
    private var offset: Int64 = 0
    private var limit: Int64 = -1

    /// Parses the words from 2 on.
    init(_ arguments: Arguments, mayStore: Bool) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            let rest = arguments.count - index - 1
            if word.isWord("ASC") {
                isDescending = false
            } else if word.isWord("DESC") {
                isDescending = true
            } else if word.isWord("ALPHA") {
                isAlphabetic = true
            } else if word.isWord("LIMIT"), rest >= 2 {
                offset = try arguments.integer(index + 1)
                limit = try arguments.integer(index + 2)
                index += 2
            } else if mayStore, word.isWord("STORE"), rest >= 1 {
                target = arguments[index + 1]
                index += 1
            } else if word.isWord("BY"), rest >= 1 {
                let pattern = SortPattern(arguments[index + 1])
                by = pattern
                if pattern.isConstant { keepsOrder = true } else { leads(by: "BY") }
                index += 1
            } else if word.isWord("GET"), rest >= 1 {
                patterns.append(SortPattern(arguments[index + 1]))
                leads(by: "GET")
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
        if keepsOrder { by = nil }
    }

    private mutating func leads(by option: StaticString) {
        if leadingOption == nil { leadingOption = option }
    }

    /// Sorts by bytes after all, as an unsorted set would be stored in arbitrary order.
    mutating func sortAnyway() {
        keepsOrder = false
        isAlphabetic = true
    }

    /// Which of `count` elements of a list or sorted set to visit.
    func collected(of count: Int) -> Range<Int> { keepsOrder ? range(count) : 0..<count }

    /// Which of `count` sorted elements to return.
    func range(_ count: Int) -> Range<Int> {
        let lower = Int(min(max(offset, 0), Int64(count)))
        let upper = limit < 0 ? count : lower + Int(min(limit, Int64(count - lower)))
        return lower..<upper
    }
}
