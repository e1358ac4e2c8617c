internal import CLZF
internal import CSupport
internal import Primitives

/// Nodes in LZF, for the inside of long lists.
///
/// ```text
/// plain                                    compressed
/// ┌──────┬─────┬────────────────┬─────┐    ┌──────┬────────────────┐
/// │ head │ gap │ elements       │ gap │    │ head │ LZF of these   │   head: 20 bytes
/// └──────┴─────┴────────────────┴─────┘    └──────┴────────────────┘
/// ```
/// A compressed node's head is that of its plain twin without gaps, so that counts, form and width
/// are told as before; its flag is set, and `measure` has the number of bytes that follow.
///
/// As in Redis, elements of fewer than 48 bytes together, or that compress by fewer than 8, stay
/// as they are. So do those of more than a megabyte, unlike there: they would hold everybody up
/// whenever one of them is read.
extension ListNode {
    /// Fewer bytes of elements are not compressed, nor are more.
    private static let compressedBytes = 48...1 << 20
    /// The least that compression is to save.
    private static let savedMin = 8

    /// The bytes of the block in use.
    public var storedBytes: Int { ListNode.start &+ (isCompressed ? measure : usedBytes) }

    /// Compresses the node where that pays; returns the block, which may be another one.
    static func compress(_ handle: Handle, _ arena: inout Arena) -> Handle {
        let node = ListNode(arena.cell(handle))
        let count = node.usedBytes
        guard !node.isCompressed, compressedBytes.contains(count) else { return handle }
        let room = ListNode.room(0, count)
        // SAFETY: the elements lie in the node's block, the room has `count` bytes.
        let written = unsafe Int(
            lzf_compress(
                node.cell.base + node.begin,
                UInt32(count),
                room.base,
                UInt32(count - savedMin)
            )
        )
        guard written > 0 else { return handle }
        let target = arena.allocate(start + written)
        let packed = ListNode(arena.cell(target))
        packed.cell.put(node.cell.bytes(0, start), 0)
        packed.cell.put(room.bytes(0, written), start)
        packed.begin = start
        packed.end = start + count
        packed.isCompressed = true
        packed.measure = written
        arena.free(handle)
        return target
    }

    /// Makes the node plain; returns the block, which may be another one.
    static func expand(_ handle: Handle, _ arena: inout Arena) -> Handle {
        let node = ListNode(arena.cell(handle))
        guard node.isCompressed else { return handle }
        let target = arena.allocate(node.end)
        node.expand(to: arena.cell(target))
        arena.free(handle)
        return target
    }

    /// The node for reading: itself, or where it is compressed a plain copy, which lives until this
    /// thread reads another compressed node.
    @inline(__always)
    public var readable: ListNode { _fastPath(!isCompressed) ? self : expanded }

    @inline(never)
    private var expanded: ListNode {
        let room = ListNode.room(1, end)
        expand(to: room)
        return ListNode(room)
    }

    /// Writes the node's plain twin to `target`, which has room for `end` bytes.
    private func expand(to target: Cell) {
        target.put(cell.bytes(0, ListNode.start), 0)
        let plain = ListNode(target)
        plain.isCompressed = false
        plain.measure = 0
        // SAFETY: the block has `measure` bytes behind the head, the target room for the elements.
        let written = unsafe Int(
            lzf_decompress(
                cell.base + ListNode.start,
                UInt32(measure),
                target.base + ListNode.start,
                UInt32(usedBytes)
            )
        )
        precondition(written == usedBytes, "what was compressed is as long as before")
    }

    private static func room(_ number: Int32, _ byteCount: Int) -> Cell {
        guard let room = unsafe apus_room(number, byteCount) else {
            apus_out_of_memory(byteCount)
        }
        return unsafe Cell(room)
    }
}
