internal import Primitives
internal import Structures

/// A copy of a collection in progress, in the arena of the same or another shard.
///
/// ```text
/// source's arena                target's arena
/// ┌───────────────────┐         ┌───────────────────┐
/// │ ████████████████░ │ ──────▶ │ █████████░░░░░░░░ │   no key refers to it before it is complete
/// └─────────cursor────┘         └───────────────────┘
/// ```
/// The source must not change between two calls. A pack or other single block is copied by the
/// first call; a large collection has a cursor, so that each call can be short.
///
/// ## Invariants
/// `root` is a valid collection of what was copied so far; `discard` frees it.
public struct ValueCopy {
    /// The progress, by kind of collection.
    private enum Cursor {
        case done
        case list(ListCopy)
        case set(SetCopy)
        case hash(HashCopy)
        case sortedSet(SortedSetCopy)
        case stream(StreamCopy)
    }

    let target: Shard
    let kind: EntryKind
    let encoding: UInt8
    /// The root block of the copy.
    let root: Handle
    private var cursor: Cursor

    /// Starts a copy of the collection at `slot` for `target`; `copySome` fills it.
    ///
    /// Every kind of collection has a case here.
    public init(of slot: Shard.Slot, for target: Shard) {
        let (entry, source) = (slot.entry, slot.shard)
        self.target = target
        kind = entry.kind
        encoding = entry.encoding
        if let small = ValueCopy.copyPack(entry, from: source, to: target) {
            (root, cursor) = (small, .done)
            return
        }
        let old = entry.collection
        switch kind {
        case .list:
            let copy = ListCopy(of: old, from: source, to: target)
            (root, cursor) = (copy.root, .list(copy))
        case .set:
            let copy = SetCopy(of: old, from: source, to: target)
            (root, cursor) = (copy.root, .set(copy))
        case .hash:
            let copy = HashCopy(of: old, from: source, to: target)
            (root, cursor) = (copy.root, .hash(copy))
        case .sortedSet:
            let copy = SortedSetCopy(of: old, from: source, to: target)
            (root, cursor) = (copy.root, .sortedSet(copy))
        case .stream:
            let copy = StreamCopy(of: old, from: source, to: target)
            (root, cursor) = (copy.root, .stream(copy))
        case .string, .member: preconditionFailure("not a collection")
        }
    }

    /// Continues until `budget` is used up; returns true once the copy is complete.
    ///
    /// An element costs 1, and more if it is large.
    public mutating func copySome(_ budget: inout Int) -> Bool {
        let isWhole: Bool
        switch cursor {
        case .done: return true
        case .list(var copy):
            isWhole = copy.copySome(&budget)
            cursor = .list(copy)
        case .set(var copy):
            isWhole = copy.copySome(&budget)
            cursor = .set(copy)
        case .hash(var copy):
            isWhole = copy.copySome(&budget)
            cursor = .hash(copy)
        case .sortedSet(var copy):
            isWhole = copy.copySome(&budget)
            cursor = .sortedSet(copy)
        case .stream(var copy):
            isWhole = copy.copySome(&budget)
            cursor = .stream(copy)
        }
        if isWhole { cursor = .done }
        return isWhole
    }

    /// Frees what was copied, in slices if it is large.
    public func discard() { target.retire(kind, encoding, root) }

    /// The additional cost of copying `bytes`: touching memory for the first time is slow.
    static func cost(_ bytes: Int) -> Int { bytes >> 7 }

    /// Copies a collection that is a single block; nil if it has more.
    private static func copyPack(_ entry: Entry, from source: Shard, to target: Shard) -> Handle? {
        let root = entry.collection
        let cell = source.arena.cell(root)
        let byteCount: Int
        switch entry.kind {
        case .list:
            guard entry.encoding == ListValue.Encoding.node.rawValue else { return nil }
            return ListNode(cell).copy(to: &target.arena)
        case .set:
            switch SetContent(entry, in: source).encoding {
            case .integers: byteCount = IntegerSet(cell).byteCount
            case .pack: byteCount = Pack(cell).byteCount
            case .table: return nil
            }
        case .hash:
            guard HashValue.encoding(entry) != .table else { return nil }
            byteCount = Pack(cell).byteCount
        case .sortedSet:
            guard entry.encoding == SortedSetValue.Encoding.pack.rawValue else { return nil }
            byteCount = SortedPack(cell).byteCount
        case .stream: return nil
        case .string, .member: preconditionFailure("not a collection")
        }
        let copy = target.arena.allocate(byteCount)
        target.arena.cell(copy).put(cell.bytes(0, byteCount), 0)
        return copy
    }
}
