internal import Primitives
public import Store
internal import Structures
public import Wire

/// Looks up hashes, and converts their values.
extension CommandContext {
    /// The hash at the first key, for adding fields; created without fields if necessary.
    ///
    /// The first pair will be the one at `index`.
    mutating func hash(
        toFill arguments: Arguments,
        pairAt index: Int
    ) throws(CommandError) -> HashValue {
        let bytes = arguments[index].count + arguments[index + 1].count
        return try hash(toFill: firstKey(arguments), pairBytes: bytes)
    }

    /// The hash at `key`, for adding fields; the first, with its value, has `bytes` bytes.
    mutating func hash(toFill key: Key, pairBytes bytes: Int) throws(CommandError) -> HashValue {
        if let slot = try findHash(key) { return HashValue(slot) }
        return HashValue.create(key, pairBytes: bytes, in: shard(key))
    }

    /// The slot of the hash at `key`, or nil, for commands that write.
    ///
    /// Expired fields are removed first, so that the command does not see any.
    mutating func findHash(_ key: Key) throws(CommandError) -> Shard.Slot? {
        guard let slot = try find(key, .hash) else { return nil }
        let hash = HashValue(slot)
        guard let earliest = hash.earliestExpiry, _slowPath(earliest <= now) else { return slot }
        var budget = HashValue.droppedAtOnce
        return removeDueFields(of: hash, in: database, &budget) ? slot : nil
    }

    /// Logs the current values of the fields named at `places`, with their expiries if any.
    mutating func logFields(_ places: StrideTo<Int>, of slot: Shard.Slot, _ arguments: Arguments) {
        guard logs else { return }
        let hash = HashValue(slot)
        let now = now
        log("HSET") { record in
            record.word(slot.entry.key)
            for index in places {
                record.word(arguments[index])
                hash.find(arguments[index], now: now)?.content?.withBytes { record.word($0) }
            }
        }
        for index in places {
            guard let moment = hash.find(arguments[index], now: now)?.expiry else { continue }
            log("HPEXPIREAT") { record in
                record.word(slot.entry.key)
                record.word(moment)
                record.word("FIELDS")
                record.word(1)
                record.word(arguments[index])
            }
        }
    }

    /// The hash at `key`, or nil, for commands that read all its fields.
    ///
    /// Expired fields are removed first, unless there are very many.
    mutating func readWholeHash(_ key: Key) throws(CommandError) -> HashValue? {
        guard let slot = try read(key, .hash) else { return nil }
        let hash = HashValue(slot)
        var budget = HashValue.droppedAtOnce
        return removeDueFields(of: hash, in: database, &budget) ? hash : nil
    }

    /// How to store the word `value`: as an integer, as bytes, or as the block that received it.
    mutating func content(_ value: Bytes) -> StringContent {
        if _slowPath(value.count > Entry.inlineValueMax), let block = takeBlock(value) {
            return .block(block)
        }
        return StringContent(encoding: value)
    }
}

extension ReplyWriter {
    /// Writes the fields of `hash` that have not expired at `now`, with their values, as a map.
    public mutating func fields(of hash: HashValue, now: Int64) {
        map(hash.liveCount(now: now))
        hash.forEach(now: now) { name, value in
            bulk(name)
            bulk(value)
            return true
        }
    }

    /// Writes a value as a bulk string.
    mutating func bulk(_ content: StringContent) {
        switch content {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(decimal: number)
        case .block(let block): bulk(block)
        }
    }

    /// Writes a value as a bulk string, or null.
    @inline(__always)
    mutating func bulk(_ content: StringContent?) {
        if let content { bulk(content) } else { null() }
    }
}
