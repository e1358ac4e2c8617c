public import Structures
internal import Primitives

/// Freeing values, large ones in slices.
extension Shard {
    /// Blocks freed at once when a key goes; the rest waits for `freeSome`.
    static let freedAtOnce = 256

    /// Frees the value of `entry`, whose key is about to go or to get another value.
    public func freeValue(_ entry: Entry) {
        if entry.isKind(.string) {
            if entry.stringEncoding == .external {
                let block = SharedBlock(address: entry.externalAddress)
                externalBytes -= block.byteCount
                block.release()
            }
            return
        }
        if entry.isKind(.hash), HashValue.earliestExpiry(entry, in: self) != nil {
            countVolatileHashes(-1)
        }
        retire(entry.kind, entry.encoding, entry.collection)
    }

    /// Frees a collection, or a part of one, that no entry names any more.
    func retire(_ kind: EntryKind, _ encoding: UInt8, _ root: Handle) {
        var budget = Shard.freedAtOnce
        var remains = Remains(kind: kind, encoding: encoding, root: root)
        if !free(&remains, &budget) { unsafe state.pointee.remains.append(remains) }
    }

    /// Frees at most `budget` blocks of values whose keys are gone; false when nothing is left.
    public func freeSome(budget: inout Int) -> Bool {
        while let last = unsafe state.pointee.remains.last {
            var remains = last
            unsafe state.pointee.remains.removeLast()
            if !free(&remains, &budget) {
                unsafe state.pointee.remains.append(remains)
                return true
            }
        }
        return false
    }

    /// Whether `freeSome` has work.
    public var hasRemains: Bool { unsafe !state.pointee.remains.isEmpty }

    /// Frees up to `budget` blocks of a collection; true when all of it is freed. Every kind of
    /// collection has its line here.
    private func free(_ remains: inout Remains, _ budget: inout Int) -> Bool {
        switch remains.kind {
        case .sortedSet:
            return SortedSetValue.free(
                encoding: remains.encoding,
                remains.root,
                &budget,
                &arena
            )
        case .stream:
            return StreamValue.free(remains.root, &budget, &arena)
        case .list:
            return ListValue.free(
                encoding: remains.encoding,
                &remains.root,
                &budget,
                &arena
            )
        case .set:
            return SetContent.free(
                encoding: remains.encoding,
                remains.root,
                &budget,
                &arena
            )
        case .hash:
            return HashValue.free(encoding: remains.encoding, remains.root, &budget, in: self)
        case .string, .member:
            preconditionFailure("not a collection")
        }
    }
}
