internal import Primitives
internal import Structures

/// A copy of a collection in the making, in the arena of the same shard or of another.
///
/// ```text
/// source's arena                target's arena
/// ┌───────────────────┐         ┌───────────────────┐
/// │ ████████████████░ │ ──────▶ │ █████████░░░░░░░░ │   no key names it before it is whole
/// └─────────cursor────┘         └───────────────────┘
/// ```
/// Between two calls the source must not change. Packs and their like are copied by the first call;
/// a large collection goes on from a cursor of its kind, so that no call need take long.
///
/// ## Invariants
/// `root` names a valid collection of what was copied so far, whose memory `discard` gives back.
public struct ValueCopy {
    /// Where each kind of collection goes on.
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
    /// The copy's own block.
    let root: Handle
    private var cursor: Cursor

    /// A copy of the collection at `slot` for `target`, to be filled by `copySome`.
    ///
    /// Every kind of collection has its line here.
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

    /// Copies on until `budget` is used up, of which an element takes 1 and more by its bytes; true
    /// when the copy is whole.
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

    /// Frees what was copied, in slices where it is much.
    public func discard() { target.retire(kind, encoding, root) }

    /// What copying `bytes` costs beside the element itself: memory that is touched first is slow.
    static func cost(_ bytes: Int) -> Int { bytes >> 7 }

    /// A copy of a collection that is one block, nil where it is more.
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
