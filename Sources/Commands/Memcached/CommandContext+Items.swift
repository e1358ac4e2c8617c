public import Primitives
public import Store
internal import Structures
internal import Wire

/// Items: strings as memcached's protocols see them, with flags, versions and marks.
extension CommandContext {
    /// How far apart the versions that one worker hands out are: room for the workers' numbers.
    public static let versionStep: UInt64 = 256

    /// A version that no item has had yet, in this run of the server or an earlier one.
    ///
    /// Versions follow the clock, in microseconds shifted for the number of the worker, so that a
    /// later one is larger whichever worker gives it; no worker hands out so many that they
    /// overtake the clock.
    mutating func nextVersion() -> UInt64 {
        let step = CommandContext.versionStep
        let clock = UInt64(clamping: now) &* 1000 &* step | lastVersion & (step - 1)
        lastVersion = max(lastVersion &+ step, clock)
        return lastVersion
    }

    /// The slot of the item at `key` for a command that only reads, or nil.
    ///
    /// What holds no string is no item.
    @inline(__always)
    mutating func readItem(_ key: Key) -> Shard.Slot? {
        guard let slot = read(key), slot.entry.isKind(.string) else { return nil }
        return slot
    }

    /// The slot of the item at `key` for a command that writes, or nil.
    mutating func findItem(_ key: Key) -> Shard.Slot? {
        guard let slot = find(key), slot.entry.isKind(.string) else { return nil }
        return slot
    }

    /// Notes that the item at `slot` has been read.
    @inline(__always)
    func noteFetch(_ slot: Shard.Slot) {
        if !slot.entry.isFetched { slot.entry.isFetched = true }
    }

    /// The version of the item at `slot`, which gets one if it has none; the slot is that after.
    ///
    /// Whatever changes the value drops the version, so it matches no other value.
    mutating func version(of slot: inout Shard.Slot) -> UInt64 {
        var head = slot.entry.itemHead
        if head.cas == 0 {
            head.cas = nextVersion()
            slot = StringValue.setHead(slot, head, in: slot.shard)
        }
        return head.cas
    }

    // MARK: Storing

    /// Stores `value` with `head` at `key`, whatever stands at `slot`.
    ///
    /// An expiry in the past removes the key. Reports `event`. A version that was handed out need
    /// not be logged, as one that the client has chosen.
    mutating func storeItem(
        _ key: Key,
        _ value: Bytes,
        _ head: ItemHead,
        expiry: Int64?,
        at slot: Shard.Slot?,
        as event: KeyEvent = .set,
        logsVersion: Bool = true
    ) {
        memcachedStatistics.add(.stored)
        if let expiry, expiry <= now {
            return StringCommands.removeAsDue(key, slot, &self)
        }
        var logged = head
        if !logsVersion, head.flags == 0, head.state.isEmpty { logged.cas = 0 }
        // This comes first, so that neither has to be kept.
        noteItem(key, value, logged, until: expiry, as: event)
        if head.isPlain {
            return StringCommands.store(key, value, expiry: expiry, at: slot, &self)
        }
        let content: StringContent
        if value.count > Entry.inlineValueMax, let block = takeBlock(value) {
            content = .block(block)
        } else {
            content = .bytes(value)
        }
        let shard = slot?.shard ?? shard(key)
        StringValue.setItem(key, content, head, expiry: expiry, at: slot, in: shard)
    }

    /// Reports that `key` now holds an item.
    ///
    /// RESP cannot express what memcached keeps besides; that follows in a request without effect
    /// on other servers. Both count as one.
    mutating func noteItem(
        _ key: Key,
        _ value: Bytes,
        _ head: ItemHead,
        until expiry: Int64?,
        as event: KeyEvent
    ) {
        guard !head.isPlain, logs else {
            return StringCommands.noteStored(key, value, until: expiry, &self, as: event)
        }
        beginGroup()
        StringCommands.noteStored(key, value, until: expiry, &self, as: event)
        logHead(key, head)
        endGroup()
    }

    /// Logs what memcached keeps besides the value at `key`.
    mutating func logHead(_ key: Key, _ head: ItemHead) {
        guard logs else { return }
        let note = ItemNote.text(of: head, key.bytes)
        log("PING") { $0.word(note.bytes) }
    }

    /// Takes over what a logged note says of the item at its key, if the key holds one.
    public mutating func replayItemNote(_ note: Bytes) {
        guard let (head, keyBytes) = ItemNote.read(note) else { return }
        let key = key(keyBytes)
        let lock = lock(keyspace.partition(key.hash))
        defer { unlock(lock) }
        guard let slot = peek(key), slot.entry.isKind(.string) else { return }
        StringValue.setHead(slot, head, in: slot.shard)
    }
}

/// Reading the notes of items in a log.
extension ItemNote {
    /// Whether a word is a note of an item.
    public static func isNote(_ word: Bytes) -> Bool {
        let prefix = Bytes(prefix)
        return word.count > prefix.count && word[0..<prefix.count] == prefix
    }

    /// The head and the key of a note, or nil if it is none.
    static func read(_ word: Bytes) -> (head: ItemHead, key: Bytes)? {
        guard isNote(word) else { return nil }
        var rest = word.dropFirst(Bytes(prefix).count)
        func number() -> UInt64? {
            guard let end = rest.firstIndex(of: UInt8(ascii: " ")) else { return nil }
            defer { rest = rest.dropFirst(end + 1) }
            return MemcachedNumber.unsigned(rest[0..<end])
        }
        guard let flags = number().flatMap({ UInt32(exactly: $0) }), let cas = number(),
            let state = number().flatMap({ UInt8(exactly: $0) })
        else { return nil }
        return (ItemHead(flags: flags, cas: cas, state: ItemHead.State(rawValue: state)), rest)
    }
}
