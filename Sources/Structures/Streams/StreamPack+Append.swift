internal import Primitives

/// Appending entries.
extension StreamPack {
    /// The size of an empty listpack plus that of the terminator of the master entry.
    private static let listpackFrame = 7 + 2

    /// Creates a pack with the entry `id` of `pairs` fields and values.
    ///
    /// `word` returns them alternately; `byteCount` is their total size.
    static func create(
        _ id: StreamID,
        pairs: Int,
        byteCount: Int,
        _ arena: inout Arena,
        _ word: (Int) -> Bytes
    ) -> Handle {
        let room = fieldsOffset + byteCount + pairs * 2 * StreamWord.headCountMax + entryHeadMax
        let handle = arena.allocate(room)
        let pack = StreamPack(arena.cell(handle))
        pack.entryCount = 0
        pack.deletedCount = 0
        pack.cell.store(UInt32(pairs), 20)
        pack.cell.store(id, 24)
        pack.lastID = StreamID(id.milliseconds, id.sequence &- 1)
        var place = fieldsOffset
        var listpack = listpackFrame + StreamWord.listpackByteCount(Int64(pairs))
        for index in 0..<pairs { listpack += StreamWord.write(word(index * 2), pack.cell, &place) }
        pack.cell.store(UInt32(place), 16)
        pack.used = place
        pack.listpackBody = listpack
        pack.write(id, pairs: pairs, ownsFields: false, byteCount: byteCount, word)
        return handle
    }

    /// The maximum size of length, flags, both parts of an id, and field count.
    private static var entryHeadMax: Int { 5 + 1 + 16 + 5 }

    /// Appends an entry with an id above all others; returns the block, which may be new.
    static func append(
        _ id: StreamID,
        pairs: Int,
        byteCount: Int,
        _ handle: Handle,
        _ arena: inout Arena,
        _ word: (Int) -> Bytes
    ) -> Handle {
        var pack = StreamPack(arena.cell(handle))
        precondition(id > pack.lastID, "ids rise")
        let used = pack.used
        let needed = used + entryHeadMax + byteCount + pairs * 2 * StreamWord.headCountMax
        var target = handle
        if needed > arena.capacity(handle) {
            // Grow by half, so that a pack is copied only a few times.
            target = arena.reallocate(handle, max(needed, used * 3 / 2), keeping: used)
            pack = StreamPack(arena.cell(target))
        }
        let ownsFields = !pack.hasFields(pairs, word)
        pack.write(id, pairs: pairs, ownsFields: ownsFields, byteCount: byteCount, word)
        return target
    }

    /// Whether an entry has exactly the fields stored in the pack.
    private func hasFields(_ pairs: Int, _ word: (Int) -> Bytes) -> Bool {
        guard pairs == fieldCount else { return false }
        var place = StreamPack.fieldsOffset
        for index in 0..<pairs {
            guard StreamWord.read(cell, &place).isSame(as: word(index * 2)) else { return false }
        }
        return true
    }

    private func write(
        _ id: StreamID,
        pairs: Int,
        ownsFields: Bool,
        byteCount: Int,
        _ word: (Int) -> Bytes
    ) {
        let (last, first) = (lastID, firstID)
        let milliseconds = id.milliseconds &- last.milliseconds
        let sequence = milliseconds == 0 ? id.sequence &- last.sequence &- 1 : id.sequence
        let begin = used
        // The maximum size of the entry determines the width of its length.
        let longest = byteCount + pairs * 2 * StreamWord.headCountMax + 1 + 16 + 5
        let width = longest < 0x80 ? 1 : longest < 0x4000 ? 2 : 5
        let head = begin + width
        var place = head + 1
        let codes =
            StreamPack.writePart(milliseconds, cell, &place) << 2
            | StreamPack.writePart(sequence, cell, &place) << 5
        cell.store(codes | (ownsFields ? StreamPack.ownFieldsBit : 0), head)
        var listpack = 2
        if ownsFields {
            StreamPack.writeCount(pairs, pairs < 0x80 ? 1 : pairs < 0x4000 ? 2 : 5, cell, place)
            place += pairs < 0x80 ? 1 : pairs < 0x4000 ? 2 : 5
            for index in 0..<pairs * 2 { listpack += StreamWord.write(word(index), cell, &place) }
            listpack += StreamWord.listpackByteCount(Int64(pairs))
            listpack += StreamWord.listpackByteCount(Int64(pairs * 2 + 4))
        } else {
            for index in 0..<pairs {
                listpack += StreamWord.write(word(index * 2 + 1), cell, &place)
            }
            listpack += StreamWord.listpackByteCount(Int64(pairs + 3))
        }
        listpack += StreamWord.listpackByteCount(
            Int64(bitPattern: id.milliseconds &- first.milliseconds)
        )
        listpack += StreamWord.listpackByteCount(Int64(bitPattern: id.sequence &- first.sequence))
        StreamPack.writeCount(place - head, width, cell, begin)
        used = place
        lastID = id
        entryCount += 1
        listpackBody += listpack
    }

    /// Writes the bytes of a number; returns its size code.
    private static func writePart(_ value: UInt64, _ cell: Cell, _ place: inout Int) -> UInt8 {
        if value == 0 { return 0 }
        let start = place
        if value <= 0xFF {
            cell.store(UInt8(value), start)
            place += 1
            return 1
        }
        if value <= 0xFFFF {
            cell.store(UInt16(value), start)
            place += 2
            return 2
        }
        if value <= 0xFFFF_FFFF {
            cell.store(UInt32(value), start)
            place += 4
            return 3
        }
        cell.store(value, start)
        place += 8
        return 4
    }

    /// Writes a length or count of `width` bytes.
    private static func writeCount(_ count: Int, _ width: Int, _ cell: Cell, _ place: Int) {
        switch width {
        case 1: cell.store(UInt8(count), place)
        case 2:
            cell.store(UInt8(count >> 8) | 0x80, place)
            cell.store(UInt8(truncatingIfNeeded: count), place + 1)
        default:
            cell.store(UInt8(0xC0), place)
            cell.store(UInt32(count), place + 1)
        }
    }

    /// Shrinks the block to the bytes in use; returns the block, which may be new.
    static func close(_ handle: Handle, _ arena: inout Arena) -> Handle {
        let used = StreamPack(arena.cell(handle)).used
        let target = arena.allocate(used)
        guard arena.capacity(target) < arena.capacity(handle) else {
            arena.free(target)
            return handle
        }
        arena.cell(target).put(arena.cell(handle).bytes(0, used), 0)
        arena.free(handle)
        return target
    }
}
