internal import Commands
internal import Primitives
internal import Wire

/// What a client has queued since MULTI.
final class Transaction {
    /// A queued request, apart from its words.
    struct Command {
        let row: Int32
        /// The hash of the first key, if the row has one.
        let hash: KeyHash
    }

    private(set) var commands: [Command] = []
    private var requests = RequestQueue(capacity: Transaction.bytesAtOnce)
    /// The joint lock plan of all requests.
    private(set) var plan = LockPlan()
    /// The concerns of all rows, to be checked while the server is on alert.
    private(set) var asks: Concerns = []
    /// Whether a request was rejected, so that none will run.
    var hasFailed = false

    /// Enough for a typical transaction.
    private static let bytesAtOnce = 1000
    private static let commandsAtOnce = 12

    init() { commands.reserveCapacity(Transaction.commandsAtOnce) }

    /// The number of queued requests.
    var count: Int { commands.count }

    /// The memory used, in bytes.
    var byteCount: Int {
        requests.byteCount + commands.capacity * MemoryLayout<Command>.stride
    }

    /// Queues a request.
    ///
    /// `received` is the block of its last word, if that was received into one.
    func append(
        _ command: Command,
        _ arguments: Arguments,
        received: SharedBlock?,
        plan: LockPlan,
        asks: Concerns
    ) {
        commands.append(command)
        requests.append(arguments, received: received)
        self.plan.formUnion(plan)
        self.asks.formUnion(asks)
    }

    /// Calls `body` with each request in order, until it returns false.
    ///
    /// The words are appended to `words`, one request after the other, and are borrowed by `body`;
    /// the block is that of the last word, if it was received into one.
    func forEach(
        _ words: inout ArgumentVector,
        _ body: (Command, Arguments, SharedBlock?) -> Bool
    ) {
        let start = words.count
        var place = requests.first
        for command in commands {
            let block = requests.read(&place) { words.append($0) }
            let goesOn = body(command, words.arguments(start, words.count - start), block)
            words.truncate(to: start)
            guard goesOn else { return }
        }
    }
}
