internal import Primitives

/// The last word of a large request, received straight into the block that becomes its value.
final class IncomingBlock {
    let block: SharedBlock
    /// The word's length; two more bytes of line end follow it.
    let length: Int
    var lineEndLeft = 2

    /// Room for a word of `length` bytes; nil where there is no memory for one.
    init?(length: Int) {
        guard let block = SharedBlock(ifAvailable: length) else { return nil }
        self.block = block
        self.length = length
    }

    deinit { block.release() }
}
