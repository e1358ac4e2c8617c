public import Primitives

/// A stream: packs of entries, indexed by their first ids, and its counters.
///
/// ```text
/// 0       8       16      32       48        64      76     80       84
/// ┌───────┬───────┬───────┬────────┬─────────┬───────┬──────┬────────┬──────────┐
/// │ count │ added │ last  │ first  │ greatest│ packs │ last │ groups │ messages │ 88 bytes
/// │       │ ever  │ id    │ id     │ deleted │ tree  │ pack │        │ known    │
/// └───────┴───────┴───────┴────────┴─────────┴───────┴──────┴────────┴──────────┘
/// ```
/// A view of the root block; all blocks of a stream are in one arena.
///
/// ## Invariants
/// Every pack has an entry that is not deleted. `first` is the id of the first entry, zero if there
/// is none; no entry has an id above `last`.
public struct Stream: Sendable {
    static let byteCount = 88
    /// The maximum size of a pack in bytes, whatever the limits say; no entry may be larger.
    public static let packBytesMax = 1 << 30

    /// The root block.
    public let root: Handle
    private let cell: Cell

    /// Views the stream in the block `root`.
    public init(_ root: Handle, _ arena: borrowing Arena) {
        self.root = root
        cell = arena.cell(root)
    }

    /// Creates an empty stream.
    public static func create(_ arena: inout Arena) -> Stream {
        let stream = Stream(arena.allocate(byteCount), arena)
        stream.cell.zero(0, byteCount)
        return stream
    }

    // MARK: Facts

    /// The number of entries.
    public internal(set) var count: Int {
        get { Int(cell.load(0, as: Int64.self)) }
        nonmutating set { cell.store(Int64(newValue), 0) }
    }

    /// The number of entries ever added, or what XSETID made of it.
    public var addedCount: Int64 {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }

    /// The greatest id ever assigned.
    public var lastID: StreamID {
        get { cell.load(16) }
        nonmutating set { cell.store(newValue, 16) }
    }

    /// The id of the first entry; zero if there is none.
    public internal(set) var firstID: StreamID {
        get { cell.load(32) }
        nonmutating set { cell.store(newValue, 32) }
    }

    /// The greatest id deleted by name; zero if none was.
    public var deletedIDMax: StreamID {
        get { cell.load(48) }
        nonmutating set { cell.store(newValue, 48) }
    }

    var packs: IDTree {
        get { cell.load(64) }
        nonmutating set { cell.store(newValue, 64) }
    }

    var lastPack: Handle {
        get { Handle(units: cell.load(76)) }
        nonmutating set { cell.store(newValue.units, 76) }
    }

    /// The consumer groups.
    var groups: NameList {
        get { NameList(Handle(units: cell.load(80))) }
        nonmutating set { cell.store(newValue.handle.units, 80) }
    }

    /// The block of a `StreamMemory`, or none.
    var known: Handle {
        get { Handle(units: cell.load(84)) }
        nonmutating set { cell.store(newValue.units, 84) }
    }

    /// The number of packs.
    public var packCount: Int { packs.count }

    // MARK: Reading

    /// Calls `body` with the entries from `lower` to `upper`, backwards if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the stream.
    ///
    /// Complexity: O(log n + entries).
    public func walk(
        _ lower: StreamID,
        _ upper: StreamID,
        reversed: Bool = false,
        _ arena: borrowing Arena,
        _ body: (StreamPack.Item) -> Bool
    ) {
        guard count > 0, lower <= upper else { return }
        let packs = packs
        if reversed {
            var spot = packs.seekBack(upper, arena)
            while let here = spot {
                let pack = StreamPack(arena.cell(packs.handle(here, arena)))
                guard pack.lastID >= lower, pack.walkDown(lower, upper, body) else { return }
                spot = packs.previous(here, arena)
            }
        } else {
            var spot = packs.seekBack(lower, arena) ?? packs.first(arena)
            while let here = spot {
                let pack = StreamPack(arena.cell(packs.handle(here, arena)))
                guard pack.firstID <= upper else { return }
                if pack.lastID >= lower {
                    guard pack.walk(lower, upper, body) else { return }
                }
                spot = packs.next(here, arena)
            }
        }
    }

    /// The entry `id`, or nil.
    ///
    /// Complexity: O(log n + entries of a pack).
    public func find(_ id: StreamID, _ arena: borrowing Arena) -> StreamPack.Item? {
        guard count > 0, id >= firstID, id <= lastID,
            let spot = packs.seekBack(id, arena)
        else { return nil }
        let pack = StreamPack(arena.cell(packs.handle(spot, arena)))
        return id <= pack.lastID ? pack.find(id) : nil
    }

    /// The id of the first or the last entry; zero if there is none.
    public func edgeID(last: Bool, _ arena: borrowing Arena) -> StreamID {
        if last, !lastPack.isNone {
            let pack = StreamPack(arena.cell(lastPack))
            if pack.deletedCount == 0 { return pack.lastID }
        }
        var found = StreamID.zero
        walk(.zero, .max, reversed: last, arena) { item in
            found = item.id
            return false
        }
        return found
    }

    // MARK: Adding

    /// When to start a new pack.
    public struct PackLimits {
        /// stream-node-max-bytes; 0 = no limit.
        public var bytesMax: Int
        /// stream-node-max-entries; 0 = no limit.
        public var entriesMax: Int

        /// Creates limits.
        public init(bytesMax: Int, entriesMax: Int) {
            self.bytesMax = bytesMax
            self.entriesMax = entriesMax
        }
    }

    /// Appends an entry of `pairs` fields and values, which `word` returns alternately.
    ///
    /// `byteCount` is their total size.
    ///
    /// Complexity: O(bytes of the entry).
    ///
    /// Precondition: `id` is above the last one.
    public func append(
        _ id: StreamID,
        pairs: Int,
        byteCount: Int,
        _ limits: PackLimits,
        _ arena: inout Arena,
        _ word: (Int) -> Bytes
    ) {
        precondition(id > lastID, "ids rise")
        let last = lastPack
        if !last.isNone, hasRoom(StreamPack(arena.cell(last)), byteCount, limits) {
            let handle = StreamPack.append(
                id,
                pairs: pairs,
                byteCount: byteCount,
                last,
                &arena,
                word
            )
            if handle != last { replaceLast(handle, arena) }
        } else {
            if !last.isNone { replaceLast(StreamPack.close(last, &arena), arena) }
            let handle = StreamPack.create(
                id,
                pairs: pairs,
                byteCount: byteCount,
                &arena,
                word
            )
            var packs = packs
            packs.insert(id, handle, &arena)
            self.packs = packs
            lastPack = handle
        }
        if count == 0 { firstID = id }
        count += 1
        addedCount &+= 1
        lastID = id
    }

    private func hasRoom(_ pack: StreamPack, _ added: Int, _ limits: PackLimits) -> Bool {
        let bytesMax =
            limits.bytesMax == 0
            ? Stream.packBytesMax
            : min(limits.bytesMax, Stream.packBytesMax)
        if pack.listpackByteCount + added >= bytesMax { return false }
        return limits.entriesMax == 0 || pack.entryCount < limits.entriesMax
    }

    private func replaceLast(_ handle: Handle, _ arena: borrowing Arena) {
        guard let spot = packs.last(arena) else { preconditionFailure("no last pack") }
        packs.setHandle(spot, handle, arena)
        lastPack = handle
    }

    // MARK: Removing

    /// Removes an entry; returns whether it was there.
    ///
    /// The caller updates what is recorded about deleted ids.
    func removeEntry(_ id: StreamID, _ arena: inout Arena) -> Bool {
        guard let item = find(id, arena) else { return false }
        item.delete()
        count -= 1
        if item.pack.count == 0 { removePack(item.pack.firstID, &arena) }
        return true
    }

    /// Removes the pack whose first id is `id`.
    func removePack(_ id: StreamID, _ arena: inout Arena) {
        var packs = packs
        guard let handle = packs.remove(id, &arena) else {
            preconditionFailure("packs are found by their first ids")
        }
        self.packs = packs
        arena.free(handle)
        if handle == lastPack {
            lastPack = packs.last(arena).map { packs.handle($0, arena) } ?? .none
        }
    }

    /// Deletes the entry `id` by name; returns whether it was there.
    ///
    /// Complexity: that of `find`.
    public func remove(_ id: StreamID, _ arena: inout Arena) -> Bool {
        guard removeEntry(id, &arena) else { return false }
        deletedIDMax = max(deletedIDMax, id)
        if count == 0 {
            firstID = .zero
        } else if id == firstID {
            firstID = edgeID(last: false, arena)
        }
        return true
    }

    // MARK: Whole streams

    /// The total size of all blocks in bytes; packs past the first 16 are taken as average.
    public func byteCount(_ arena: borrowing Arena) -> Int {
        var sampled = 0
        var bytes = 0
        var spot = packs.first(arena)
        while let here = spot, sampled < 16 {
            bytes += arena.capacity(packs.handle(here, arena))
            sampled += 1
            spot = packs.next(here, arena)
        }
        let packBytes = sampled == 0 ? 0 : bytes * packs.count / sampled
        return arena.capacity(root) + packs.nodeByteCount + packBytes + groupByteCount(arena)
    }

    /// Frees up to `budget` blocks and subtracts what it freed from the budget.
    ///
    /// Returns true once everything is freed. After the first call nothing else may be called.
    public func destroySome(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        var packs = packs
        while budget > 0, let handle = packs.removeLast(&arena) {
            arena.free(handle)
            budget -= 1
        }
        self.packs = packs
        guard packs.count == 0, destroyGroups(&budget, &arena), budget > 0,
            destroyMemory(&budget, &arena), budget > 0
        else { return false }
        arena.free(root)
        budget -= 1
        return true
    }

    /// Creates an empty stream with this one's counters, for packs to be appended to.
    public func createCopy(_ target: inout Arena) -> Stream {
        let head = cell.bytes(0, 64)
        let copy = Stream.create(&target)
        copy.cell.put(head, 0)
        return copy
    }

    /// Appends a copy of another stream's pack; packs must be copied in order.
    public func appendCopy(_ bytes: Bytes, _ arena: inout Arena) {
        let block = arena.allocate(bytes.count)
        arena.cell(block).put(bytes, 0)
        var packs = packs
        packs.insert(StreamPack(arena.cell(block)).firstID, block, &arena)
        self.packs = packs
        lastPack = block
    }

    /// The first pack that starts after `id`: its first id and its bytes, or nil.
    public func packBytes(after id: StreamID?, _ arena: borrowing Arena) -> (StreamID, Bytes)? {
        guard let from = id.map(\.next) ?? .zero, let spot = packs.seek(from, arena) else {
            return nil
        }
        let cell = arena.cell(packs.handle(spot, arena))
        return (packs.id(spot, arena), cell.bytes(0, StreamPack(cell).used))
    }

    /// Whether all invariants hold; for tests.
    public func isValid(_ arena: borrowing Arena) -> Bool {
        guard packs.isValid(arena) else { return false }
        var live = 0
        var spot = packs.first(arena)
        var before = StreamID.zero
        var handle = Handle.none
        while let here = spot {
            handle = packs.handle(here, arena)
            let pack = StreamPack(arena.cell(handle))
            guard pack.isValid, pack.count > 0, pack.firstID == packs.id(here, arena),
                pack.firstID > before
            else { return false }
            before = pack.lastID
            live += pack.count
            spot = packs.next(here, arena)
        }
        return live == count && handle == lastPack && before <= lastID
            && firstID == edgeID(last: false, arena)
    }
}
