internal import Primitives

/// The last word of a large request, received straight into the block that becomes its value.
///
/// The block grows as data arrives: announcing a length takes no memory.
final class IncomingBlock {
    private(set) var block: SharedBlock
    /// The length of the word.
    let length: Int
    /// The bytes of the line end still missing; memcached's binary protocol has no line end.
    private(set) var lineEndLeft: Int
    /// The part of the line end received so far, the last byte lowest.
    private(set) var lineEnd: UInt16 = 0

    /// The initial size.
    private static let firstBytes = 256 * 1024

    /// Allocates the start of a word of `length` bytes, at least `have` bytes.
    ///
    /// Nil if there is not enough memory.
    init?(length: Int, have: Int, tailBytes: Int = 2) {
        let room = min(length, max(have, IncomingBlock.firstBytes))
        guard let block = SharedBlock(ifAvailable: room) else { return nil }
        self.block = block
        self.length = length
        lineEndLeft = tailBytes
    }

    deinit { block.release() }

    /// Records received bytes of the line end.
    func note(lineEnd bytes: Bytes) {
        for index in 0..<bytes.count { lineEnd = lineEnd << 8 | UInt16(bytes[index]) }
        lineEndLeft -= bytes.count
    }

    /// Whether the word was followed by a line end.
    var hasLineEnd: Bool { lineEnd == 0x0D0A }

    /// Whether the word and the line end have come.
    var isComplete: Bool { left == 0 && lineEndLeft == 0 }

    /// The number of bytes of the word yet to come.
    var left: Int { length - block.count }

    /// Enlarges the block if it is full; returns false if there is no memory.
    func makeRoom() -> Bool { block.count < block.capacity || grow(to: 2 * block.capacity) }

    private func grow(to capacity: Int) -> Bool {
        guard let grown = block.grown(ifAvailable: min(length, capacity)) else { return false }
        block = grown
        return true
    }

    /// Appends bytes of the word; returns false if there is no memory.
    func append(_ bytes: Bytes) -> Bool {
        let needed = block.count + bytes.count
        assert(needed <= length, "bytes of this word")
        if needed > block.capacity, !grow(to: max(needed, 2 * block.capacity)) { return false }
        block.storage.put(bytes, block.count)
        block.count = needed
        return true
    }
}
