internal import Primitives
internal import System
internal import Wire

/// What a worker processes between two waits: received words, split into requests.
///
/// A command that serves others while it runs uses a round of its own.
struct Round: ~Copyable {
    /// How many sockets can be received from before their requests must run.
    static let receiveSlots = 32
    /// The maximum number of bytes received at once from one socket.
    static let receiveBytes = 64 * 1024

    /// The words of all requests in the batch.
    var words = ArgumentVector()
    var batch = Batch()
    /// Connections whose peers stopped sending, in this round or an earlier one.
    var hangUps: [Connection] = []
    private let receiveMemory: Cell
    private var usedSlots = 0

    init() {
        let bytes = Round.receiveSlots * Round.receiveBytes
        // SAFETY: lives as long as the worker, which lives as long as the process.
        receiveMemory = unsafe Cell(.allocate(byteCount: bytes, alignment: 4096))
    }

    /// Whether all memory for receiving holds bytes of the round.
    var isFull: Bool { usedSlots == Round.receiveSlots }

    /// Memory for receiving; it is used up only if `useSlot` follows.
    var freeSlot: Cell {
        precondition(!isFull, "all slots hold bytes of the round")
        return receiveMemory.advanced(by: usedSlots * Round.receiveBytes)
    }

    /// Keeps what was received into the free slot until the end of the round.
    mutating func useSlot() { usedSlots += 1 }

    /// Discards what was received; all requests must have run.
    mutating func end() {
        assert(batch.count == 0, "some requests have not run")
        usedSlots = 0
        words.truncate(to: 0)
    }
}
