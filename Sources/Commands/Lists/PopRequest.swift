internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The words of LMPOP and ZMPOP: `numkeys key [key …] SIDE [COUNT count]`.
struct PopRequest<Side> {
    /// The range of the keys.
    let keys: Range<Int>
    /// The end to pop from.
    let side: Side
    /// The maximum number of elements to pop.
    private(set) var count = 1

    /// Reads the words from 1 on; `readSide` reads the word that names the end.
    init(
        _ arguments: Arguments,
        _ readSide: (Bytes) throws(CommandError) -> Side
    ) throws(CommandError) {
        let keyCount = try arguments.integer(1, in: 1...Int64.max, or: .keyCount)
        guard keyCount < arguments.count - 2 else { throw .syntax }
        keys = 2..<keyCount + 2
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

    /// The first key with a value of `kind`, and where it is, its name told as the first of the
    /// reply's two parts; nil where there is none, and null told.
    func firstValue(
        _ kind: EntryKind,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> (key: Key, slot: Shard.Slot)? {
        for index in keys {
            let key = context.key(arguments[index])
            guard let slot = try context.find(key, kind) else { continue }
            context.reply.array(2)
            context.reply.bulk(arguments[index])
            return (key, slot)
        }
        context.reply.nullArray()
        return nil
    }
}
