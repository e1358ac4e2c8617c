internal import CLZF
internal import CSupport
internal import Primitives

/// Compresses nodes in the middle of long lists with LZF.
///
/// ```text
/// plain                                    compressed
/// ┌──────┬─────┬────────────────┬─────┐    ┌──────┬────────────────┐
/// │ head │ gap │ elements       │ gap │    │ head │ LZF of these   │   head: 20 bytes
/// └──────┴─────┴────────────────┴─────┘    └──────┴────────────────┘
/// ```
/// A compressed node has the head of its plain form without gaps, so that counts, form and width
/// can be read as before. Its flag is set, and `measure` holds the number of bytes that follow.
///
/// As in Redis, nodes with fewer than 48 bytes of elements, or that would shrink by fewer than 8
/// bytes, stay plain. Unlike in Redis, so do nodes of more than a megabyte: expanding one on every
/// read would stall all clients.
extension ListNode {
    /// Nodes with fewer or more bytes of elements are not compressed.
    private static let compressedBytes = 48...1 << 20
    /// The minimum saving in bytes.
    private static let savedMin = 8

    /// The bytes of the block that are in use.
    public var storedBytes: Int { ListNode.start &+ (isCompressed ? measure : usedBytes) }

    /// Compresses the node if that pays; returns the block, which may be new.
    static func compress(_ handle: Handle, _ arena: inout Arena) -> Handle {
        let node = ListNode(arena.cell(handle))
        let count = node.usedBytes
        guard !node.isCompressed, compressedBytes.contains(count) else { return handle }
        let room = ListNode.room(0, count)
        // SAFETY: the elements lie in the node's block; the target has room for `count` bytes.
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

    /// Expands the node; returns the block, which may be new.
    static func expand(_ handle: Handle, _ arena: inout Arena) -> Handle {
        let node = ListNode(arena.cell(handle))
        guard node.isCompressed else { return handle }
        let target = arena.allocate(node.end)
        node.expand(to: arena.cell(target))
        arena.free(handle)
        return target
    }

    /// The node in plain form, for reading.
    ///
    /// For a compressed node this is a copy that is valid until this thread reads another
    /// compressed node.
    @inline(__always)
    public var readable: ListNode { _fastPath(!isCompressed) ? self : expanded }

    @inline(never)
    private var expanded: ListNode {
        let room = ListNode.room(1, end)
        expand(to: room)
        return ListNode(room)
    }

    /// Writes the node's plain form to `target`, which has room for `end` bytes.
    private func expand(to target: Cell) {
        target.put(cell.bytes(0, ListNode.start), 0)
        let plain = ListNode(target)
        plain.isCompressed = false
        plain.measure = 0
        // SAFETY: `measure` bytes follow the head; the target has room for the elements.
        let written = unsafe Int(
            lzf_decompress(
                cell.base + ListNode.start,
                UInt32(measure),
                target.base + ListNode.start,
                UInt32(usedBytes)
            )
        )
        precondition(written == usedBytes, "the node expands to its original size")
    }

    private static func room(_ number: Int32, _ byteCount: Int) -> Cell {
        guard let room = unsafe apus_room(number, byteCount) else {
            apus_out_of_memory(byteCount)
        }
        return unsafe Cell(room)
    }
}
