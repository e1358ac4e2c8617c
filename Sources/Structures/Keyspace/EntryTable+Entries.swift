public import Primitives

/// Creates entries in the table's arena, and rebuilds them in place.
extension EntryTable {
    /// Adds an entry for a key that the table does not hold.
    ///
    /// Writes header and key; the caller writes `payload` bytes of value at the entry's
    /// `valueOffset`.
    @inlinable
    public mutating func insert(
        _ key: Bytes,
        _ hash: KeyHash,
        kind: EntryKind,
        encoding: UInt8,
        word: UInt64?,
        payload: Int,
        _ arena: inout Arena
    ) -> Location {
        assert(payload >= 0, "a size cannot be negative")
        assert(find(key, hash, arena) == nil, "the key is already in the table")
        let size = Entry.byteCount(key: key.count, hasWord: word != nil, payload: payload)
        let handle = arena.allocate(size)
        Entry(arena.cell(handle)).write(kind: kind, encoding: encoding, word: word, key: key)
        return insert(handle, hash, &arena)
    }

    /// Gives an entry another kind, encoding and word, and space for a value of `payload` bytes.
    ///
    /// The caller writes the value. Whatever the old value refers to must have been freed or moved.
    public func rebuild(
        _ location: Location,
        kind: EntryKind,
        encoding: UInt8,
        word: UInt64?,
        payload: Int,
        _ arena: inout Arena
    ) -> Location {
        assert(isCurrent(location), "the location is out of date")
        assert(payload >= 0, "a size cannot be negative")
        let entry = location.entry
        let size = Entry.byteCount(key: entry.keyCount, hasWord: word != nil, payload: payload)
        let old = handle(location)
        let room = arena.capacity(old)
        if entry.hasWord == (word != nil), size <= room, size * 2 > room {
            entry.setHead(kind: kind, encoding: encoding, word: word)
            return location
        }
        let target = arena.allocate(size)
        Entry(arena.cell(target)).write(kind: kind, encoding: encoding, word: word, key: entry.key)
        let moved = replace(location, with: target, arena)
        arena.free(old)
        return moved
    }

    /// Sets, changes or (nil) removes the word of an entry and keeps its value.
    @discardableResult
    public func setWord(_ location: Location, _ word: UInt64?, _ arena: inout Arena) -> Location {
        assert(isCurrent(location), "the location is out of date")
        let entry = location.entry
        if entry.hasWord == (word != nil) {
            if let word { entry.cell.store(word, 2) }
            return location
        }
        let oldOffset = entry.valueOffset
        let payload = entry.byteCount - oldOffset
        let old = handle(location)
        let size = Entry.byteCount(key: entry.keyCount, hasWord: word != nil, payload: payload)
        let target = arena.allocate(size)
        let copy = Entry(arena.cell(target))
        let offset = copy.write(
            kind: entry.kind,
            encoding: entry.encoding,
            word: word,
            key: entry.key
        )
        copy.cell.put(entry.cell.bytes(oldOffset, payload), offset)
        if entry.isFetched { copy.isFetched = true }
        assert(copy.byteCount == size, "key and value keep their sizes")
        let moved = replace(location, with: target, arena)
        arena.free(old)
        return moved
    }

    /// Removes an entry and frees its block.
    ///
    /// Whatever its value refers to must have been freed or moved.
    public mutating func removeEntry(_ location: Location, _ arena: inout Arena) {
        let handle = handle(location)
        assert(arena.handle(of: location.entry.cell) == handle, "the location is out of date")
        remove(location, &arena)
        arena.free(handle)
    }
}
