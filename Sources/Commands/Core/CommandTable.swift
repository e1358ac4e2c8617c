public import Primitives

/// The commands by name: one row per command, found by two case-folded words of its name.
///
/// ```text
/// slots: 2,048 × UInt16, open addressing; 0 = free, otherwise row + 1
/// names: for each row the length and the first and last 8 letters of the name, in upper case
/// ```
/// Built once at startup; lives as long as the process.
@safe
public struct CommandTable: @unchecked Sendable {  // because: never changed after `init`
    /// The facts of every row, including subcommands.
    public let facts: [CommandFacts]
    /// The subcommands of each row that is a container.
    public let subcommands: [Int: [Int]]
    /// The new names, by row; an empty name disables the command.
    private let renames: [Int: [UInt8]]
    @usableFromInline let slots: UnsafeMutablePointer<UInt16>
    @usableFromInline let names: UnsafeMutablePointer<Name>
    @usableFromInline static let slotCount = 2048

    /// A name in the form used for comparison.
    @usableFromInline
    struct Name: Equatable {
        @usableFromInline var count: Int
        @usableFromInline var head: UInt64
        @usableFromInline var tail: UInt64

        @usableFromInline
        init(_ word: Bytes) {
            count = word.count
            head = 0
            tail = 0
            for index in 0..<min(count, 8) {
                head = head << 8 | UInt64(word[index] & 0xDF)
                tail = tail << 8 | UInt64(word[count - 1 - index] & 0xDF)
            }
        }

        @usableFromInline var slot: Int {
            let mixed = (head ^ tail.byteSwapped &+ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15
            return Int(mixed >> 53)
        }
    }

    /// Creates the table from the rows of all families.
    ///
    /// - Parameters:
    ///   - facts: the rows; names are unique.
    ///   - renames: the new names of rows, which are unique; an empty name disables a command.
    public init(_ facts: [CommandFacts], renames: [Int: [UInt8]] = [:]) {
        self.facts = facts
        self.renames = renames
        // SAFETY: slots are below `slotCount`, rows below the number of facts.
        unsafe slots = .allocate(capacity: CommandTable.slotCount)
        unsafe slots.initialize(repeating: 0, count: CommandTable.slotCount)
        unsafe names = .allocate(capacity: max(facts.count, 1))
        var children: [Int: [Int]] = [:]
        var taken: Set<[UInt8]> = []
        for (row, fact) in facts.enumerated() {
            let word = Bytes(fact.name)
            let name = renames[row] ?? word.array
            unsafe (names + row).initialize(to: name.withBytes { Name($0) })
            let space = (0..<word.count).first { word[$0] == UInt8(ascii: " ") }
            if let space {
                guard let parent = facts.firstIndex(where: { Bytes($0.name) == word[0..<space] })
                else { preconditionFailure("a subcommand has a container") }
                children[parent, default: []].append(row)
                continue
            }
            if name.isEmpty || fact.flags.contains(.memcached) { continue }
            precondition(taken.insert(name).inserted, "names are unique")
            var slot = unsafe names[row].slot
            while unsafe slots[slot] != 0 { slot = (slot + 1) % CommandTable.slotCount }
            unsafe slots[slot] = UInt16(row + 1)
        }
        subcommands = children
    }

    /// Whether the row, which is not a subcommand's, can be called.
    public func isCallable(_ row: Int) -> Bool {
        renames[row]?.isEmpty != true && !facts[row].flags.contains(.memcached)
    }

    /// The row of the command named `word`, ignoring case, or nil.
    @inlinable
    public func row(_ word: Bytes) -> Int? {
        let name = Name(word)
        var slot = name.slot
        while true {
            // SAFETY: slots are below `slotCount`, rows below the number of facts.
            let row = unsafe Int(slots[slot]) &- 1
            guard row >= 0 else { return nil }
            if unsafe names[row] == name, word.count <= 16 || isNamed(row, word) { return row }
            slot = (slot &+ 1) & (CommandTable.slotCount &- 1)
        }
    }

    @inline(never)
    @usableFromInline
    func isNamed(_ row: Int, _ word: Bytes) -> Bool {
        renames[row]?.withBytes { word.isSameWord(as: $0) } ?? word.isWord(facts[row].name)
    }

    /// The row of the subcommand `word` of the container `row`, or nil.
    public func subcommand(_ word: Bytes, of row: Int) -> Int? {
        guard let children = subcommands[row] else { return nil }
        let prefix = facts[row].name.utf8CodeUnitCount + 1
        return children.first { child in
            let name = Bytes(facts[child].name).dropFirst(prefix)
            return name.count == word.count && name.isSameWord(as: word)
        }
    }
}
