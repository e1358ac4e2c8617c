internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Finding hashes, and what goes into and out of them.
extension CommandContext {
    /// The hash at the first key, for a command that is going to add to it; made, without fields,
    /// where it is not there. The pair at `index` is what it gets first.
    mutating func hash(
        toFill arguments: Arguments,
        pairAt index: Int
    ) throws(CommandError) -> HashValue {
        let key = firstKey(arguments)
        if let slot = try find(key, .hash) { return HashValue(slot) }
        let bytes = arguments[index].count + arguments[index + 1].count
        return HashValue.create(key, pairBytes: bytes, in: shard(key))
    }

    /// The hash at `key`, or nil, for a command that looks at all its fields: due ones are taken
    /// out first, but in the rare case that there are a great many.
    mutating func readWholeHash(_ key: Key) throws(CommandError) -> HashValue? {
        guard let slot = try read(key, .hash) else { return nil }
        let hash = HashValue(slot)
        var budget = HashValue.droppedAtOnce
        return removeDueFields(of: hash, in: database, &budget) ? hash : nil
    }

    /// What the word `value` is kept as: a number, bytes, or the block into which it was received.
    mutating func content(_ value: Bytes) -> StringContent {
        if _slowPath(value.count > Entry.inlineValueMax), let block = takeBlock(value) {
            return .block(block)
        }
        return StringContent(encoding: value)
    }
}

extension ReplyWriter {
    /// A bulk string of a value.
    mutating func bulk(_ content: StringContent) {
        switch content {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(decimal: number)
        case .block(let block): bulk(block)
        }
    }

    /// A bulk string of a value, or null.
    @inline(__always)
    mutating func bulk(_ content: StringContent?) {
        if let content { bulk(content) } else { null() }
    }
}
