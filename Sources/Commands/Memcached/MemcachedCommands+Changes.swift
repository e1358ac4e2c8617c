internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Changes of items that several of memcached's protocols know.
extension MemcachedCommands {
    /// Sets the expiry of the item at `slot`; one in the past removes it.
    static func touch(
        _ key: Key,
        _ slot: Shard.Slot,
        _ expiry: Int64?,
        _ context: inout CommandContext
    ) {
        if let expiry, expiry <= context.now {
            return StringCommands.removeAsDue(key, slot, &context)
        }
        guard slot.entry.expiry != expiry else { return }
        slot.shard.setExpiry(slot, expiry)
        context.changed(key, expiry == nil ? .persist : .expire)
        if let expiry {
            context.log("PEXPIREAT", key, expiry)
        } else {
            context.log("PERSIST", key)
        }
    }

    /// Adds `value` to the item at `slot`, whose flags and expiry stay, and gives it the version
    /// `cas`; returns false if it would be too large.
    ///
    /// Complexity: O(bytes of both).
    static func extend(
        _ key: Key,
        _ slot: Shard.Slot,
        by value: Bytes,
        atEnd: Bool,
        cas: UInt64,
        logsVersion: Bool = true,
        _ context: inout CommandContext
    ) -> Bool {
        let entry = slot.entry
        var head = entry.itemHead
        head.cas = cas
        head.state = []
        let limits = MemcachedLimits(itemBytesMax: context.limits.itemBytesMax)
        let count = StringValue.count(entry) + value.count
        guard limits.allowsItem(key: key.bytes.count, value: count, hasFlags: head.flags != 0)
        else { return false }
        var whole = ByteBuffer(capacity: count)
        if !atEnd { whole.append(value) }
        StringValue.withBytes(entry) { whole.append($0) }
        if atEnd { whole.append(value) }
        context.storeItem(
            key,
            whole.bytes,
            head,
            expiry: entry.expiry,
            at: slot,
            as: .append,
            logsVersion: logsVersion
        )
        return true
    }

    /// The number that an item holds, or nil.
    static func number(_ entry: Entry) -> UInt64? {
        switch StringValue.content(entry) {
        case .integer(let number): UInt64(exactly: number)
        case .bytes(let bytes): MemcachedNumber.unsigned(bytes)
        case .block: nil
        }
    }

    /// Replaces the number in an item, whose flags and expiry stay.
    ///
    /// As in memcached, a number that fits is written over the old one: the item keeps its marks,
    /// and what is left of the old text becomes spaces.
    static func setNumber(
        _ key: Key,
        _ number: UInt64,
        _ slot: Shard.Slot,
        cas: UInt64 = 0,
        logsVersion: Bool = true,
        _ context: inout CommandContext
    ) {
        let entry = slot.entry
        let old = StringValue.count(entry)
        var text = ByteBuffer(capacity: max(old, DecimalText.byteCountMax))
        text.append(unsigned: number)
        let state = text.count <= old ? entry.itemHead.state : []
        while text.count < old { text.append(UInt8(ascii: " ")) }
        context.storeItem(
            key,
            text.bytes,
            ItemHead(flags: entry.itemHead.flags, cas: cas, state: state),
            expiry: entry.expiry,
            at: slot,
            as: .incrBy,
            logsVersion: logsVersion
        )
    }
}
