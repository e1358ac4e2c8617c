internal import Primitives
internal import System
internal import Wire

/// What a worker works through between two waits: the words received, cut into requests.
///
/// A command that serves others while it runs does so with a round of its own.
struct Round: ~Copyable {
    /// Sockets received from before their requests must have run.
    static let receiveSlots = 32
    /// What is received at once from one socket.
    static let receiveBytes = 64 * 1024

    /// The words of all requests of the batch.
    var words = ArgumentVector()
    var batch = Batch()
    /// Connections whose other side stopped sending in this round.
    var hangUps: [Connection] = []
    private let receiveMemory: Cell
    private var usedSlots = 0

    init() {
        let bytes = Round.receiveSlots * Round.receiveBytes
        // SAFETY: lives as long as the worker, which lives as long as the process.
        receiveMemory = unsafe Cell(.allocate(byteCount: bytes, alignment: 4096))
    }

    /// Whether all memory to receive into holds bytes of the round.
    var isFull: Bool { usedSlots == Round.receiveSlots }

    /// Memory to receive into; it is used up only when `useSlot` follows.
    var freeSlot: Cell {
        precondition(!isFull, "all slots hold bytes of the round")
        return receiveMemory.advanced(by: usedSlots * Round.receiveBytes)
    }

    /// Keeps what was received into the free slot until the round is over.
    mutating func useSlot() { usedSlots += 1 }

    /// Forgets what was received; all requests have run.
    mutating func end() {
        assert(batch.count == 0, "requests are left")
        usedSlots = 0
        words.truncate(to: 0)
    }
}
