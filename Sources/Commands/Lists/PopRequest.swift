internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The words of LMPOP, ZMPOP and their blocking forms: `numkeys key [key …] SIDE [COUNT count]`.
struct PopRequest<Side> {
    /// The range of the keys.
    let keys: Range<Int>
    /// The end to pop from.
    let side: Side
    /// The maximum number of elements to pop.
    private(set) var count = 1

    /// Reads the words from `first` on; `readSide` reads the word that names the end.
    init(
        _ arguments: Arguments,
        from first: Int = 1,
        _ readSide: (Bytes) throws(CommandError) -> Side
    ) throws(CommandError) {
        let keyCount = try arguments.integer(first, in: 1...Int64.max, or: .keyCount)
        guard keyCount < arguments.count - first - 1 else { throw .syntax }
        keys = first + 1..<first + 1 + keyCount
        let behind = keys.upperBound + 1
        side = try readSide(arguments[keys.upperBound])
        guard arguments.count > behind else { return }
        guard arguments.count > behind + 1, arguments[behind].isWord("COUNT") else {
            throw .syntax
        }
        let error = CommandError.zeroCount
        count = try arguments.integer(behind + 1, in: 1...Int64.max, or: error)
        guard arguments.count == behind + 2 else { throw .syntax }
    }

    /// The index and the slot of the first key with a value of `kind`; nil if there is none.
    func firstValue(
        _ kind: EntryKind,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> (key: Key, slot: Shard.Slot)? {
        for index in keys {
            let key = context.key(arguments[index])
            if let slot = try context.find(key, kind) { return (key, slot) }
        }
        return nil
    }
}
