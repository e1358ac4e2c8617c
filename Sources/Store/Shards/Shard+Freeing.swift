internal import Structures
internal import Primitives

/// Frees values, in slices if they are large.
extension Shard {
    /// How many blocks to free at once when a key is removed; the rest is left to `freeSome`.
    static let freedAtOnce = 256

    /// Frees the value at `slot`, whose key is about to be removed or to get another value.
    public func discardValue(_ slot: Slot) {
        assert(slot.shard.isSame(as: self), "the slot is of this shard")
        willDiscard(slot)
        let entry = slot.entry
        if entry.isKind(.string) {
            if entry.stringEncoding == .external {
                release(SharedBlock(address: entry.externalAddress))
            }
            return
        }
        if entry.isKind(.hash), HashValue.earliestExpiry(entry, in: self) != nil {
            countVolatileHashes(-1)
        }
        retire(entry.kind, entry.encoding, entry.collection)
    }

    /// Frees a collection, or part of one, that no entry refers to any more.
    ///
    /// The watcher may keep it for a while.
    func retire(_ kind: EntryKind, _ encoding: UInt8, _ root: Handle) {
        assert(!root.isNone, "there is something to free")
        let part = Remains(kind: kind, encoding: encoding, root: root)
        if !isTaken(part) { free(part) }
    }

    /// Frees what no entry refers to any more, in slices if it is large.
    public func free(_ part: Remains) {
        var part = part
        var budget = Shard.freedAtOnce
        if !free(&part, &budget) { remains.append(part) }
    }

    /// Releases the shard's reference to a block outside the arena.
    ///
    /// The memory of a large block is freed in slices.
    func release(_ block: SharedBlock) {
        externalBytes -= block.byteCount
        assert(externalBytes >= 0, "every block was counted when added")
        if block.byteCount >= Shard.largeBlockBytes, !block.isShared {
            deadBlocks.append(block)
        } else {
            block.release()
        }
    }

    /// From this size on, a block's memory is freed in slices.
    private static let largeBlockBytes = 1 << 20
    /// Freeing this many bytes of a large block costs as much as freeing a block of the arena.
    private static let bytesFreedAsOne = 2048

    private func freeDeadBlocks(_ budget: inout Int) -> Bool {
        while let block = deadBlocks.last {
            guard budget > 0 else { return true }
            let bytes = min(budget, block.byteCount) * Shard.bytesFreedAsOne
            let given = min(bytes, block.byteCount)
            budget -= given / Shard.bytesFreedAsOne + 1
            if !block.giveBack(given) {
                block.release()
                deadBlocks.removeLast()
                countFreed()
            }
        }
        return false
    }

    /// Frees up to `budget` blocks of values whose keys are gone; returns whether some are left.
    public func freeSome(budget: inout Int) -> Bool {
        if freeDeadBlocks(&budget) { return true }
        while var part = remains.popLast() {
            if !free(&part, &budget) {
                remains.append(part)
                return true
            }
            countFreed()
        }
        return false
    }

    /// The number of values that `freeSome` has yet to free.
    public var remainCount: Int { remains.count + deadBlocks.count }

    /// Whether there is anything to free.
    public var hasRemains: Bool { !remains.isEmpty || hasDeadBlocks }

    var hasDeadBlocks: Bool { !deadBlocks.isEmpty }

    /// Frees up to `budget` blocks of a collection; returns true once all of it is freed.
    ///
    /// Every kind of collection has a case here.
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

    // MARK: Values waiting to be freed

    private var remains: [Remains] {
        // SAFETY: the lock makes the caller the only user.
        _read { yield unsafe state.pointee.remains }
        nonmutating _modify { yield unsafe &state.pointee.remains }
    }

    private var deadBlocks: [SharedBlock] {
        // SAFETY: as above.
        _read { yield unsafe state.pointee.deadBlocks }
        nonmutating _modify { yield unsafe &state.pointee.deadBlocks }
    }
}
