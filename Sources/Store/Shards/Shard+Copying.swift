internal import Primitives
internal import Structures

/// Moves and copies values between keys, databases and partitions.
extension Shard {
    /// Adds `key`, which must be absent, with `expiry` and the value of `source`.
    ///
    /// `source` is a slot of any shard and is left as it is. `copy` is a complete copy of a
    /// collection, made for this shard.
    ///
    /// Complexity: O(1), or for an inline string O(its bytes).
    public func insertCopy(of source: Slot, as key: Key, expiry: Int64?, _ copy: ValueCopy?) {
        assert(find(key) == nil, "the key is absent")
        assert(copy != nil || source.entry.isKind(.string), "collections come as copies")
        guard let copy else { return insertStringCopy(of: source.entry, as: key, expiry: expiry) }
        precondition(copy.target.isSame(as: self), "the copy was made for this shard")
        let target = insert(
            key,
            kind: copy.kind,
            encoding: copy.encoding,
            expiry: expiry,
            payload: 4
        )
        target.entry.collection = copy.root
        if target.entry.isKind(.hash) { HashValue.announce(target, isNew: true) }
    }

    /// Moves the value at `source`, and its stamp, to `key` of this shard, which must be absent.
    ///
    /// Removes the source's key. `copy` is a complete copy of a collection of another shard.
    ///
    /// Complexity: as `insertCopy`.
    public func insertMoved(_ source: Slot, as key: Key, expiry: Int64?, _ copy: ValueCopy?) {
        assert(find(key) == nil, "the key is absent")
        let entry = source.entry
        guard source.shard.isSame(as: self),
            !entry.isKind(.string) || entry.stringEncoding == .external && !entry.isItem
        else {
            let stamp = source.shard.stamp(source)
            insertCopy(of: source, as: key, expiry: expiry, copy)
            if let slot = find(key) { setStamp(slot, stamp) }
            // Inserting the copy may have moved the source's entry.
            let old = Key(entry.key, source.shard.hash(entry.key))
            if let slot = source.shard.find(old) { source.shard.remove(slot) }
            return
        }
        let oldKey = entry.key.array
        let stamp = source.shard.stamp(source)
        let (kind, encoding) = (entry.kind, entry.encoding)
        let isExternal = kind == .string
        let address: UInt64 = isExternal ? UInt64(entry.externalAddress) : 0
        let root = isExternal ? Handle.none : entry.collection
        let target = insert(
            key,
            kind: kind,
            encoding: encoding,
            expiry: expiry,
            payload: isExternal ? 8 : 4
        )
        assert(entry.kind == kind && target.entry.kind == kind, "the source stays where it is")
        setStamp(target, stamp)
        if isExternal {
            target.entry.externalAddress = UInt(address)
        } else {
            target.entry.collection = root
            if kind == .hash { HashValue.announce(target, isNew: false) }
        }
        oldKey.withBytes { bytes in
            if let slot = find(Key(bytes, hash(bytes))) { removeKey(slot) }
        }
    }

    /// Whether both handles refer to the same shard.
    @inlinable
    @inline(__always)
    public func isSame(as other: Shard) -> Bool { unsafe state == other.state }

    private func insertStringCopy(of entry: Entry, as key: Key, expiry: Int64?) {
        let head = entry.itemHead
        switch StringValue.content(entry) {
        case .block(let block):
            // A shared block is copied before it is edited, so both values may hold it.
            block.retain()
            StringValue.setItem(key, .block(block), head, expiry: expiry, at: nil, in: self)
        case .integer(let number):
            StringValue.set(key, .integer(number), expiry: expiry, at: nil, in: self)
        case .bytes(let bytes):
            // Copy the bytes first: the new entry may come from the same arena.
            let encoding = entry.encoding
            bytes.array.withBytes {
                let content = StringContent.bytes($0)
                let slot = StringValue.setItem(
                    key,
                    content,
                    head,
                    expiry: expiry,
                    at: nil,
                    in: self
                )
                slot.entry.encoding = encoding
            }
        }
    }
}
