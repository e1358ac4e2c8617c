internal import Commands
internal import Primitives
internal import Wire

/// What a client has queued since MULTI.
final class Transaction {
    /// What is known of a queued request besides its words.
    struct Command {
        let row: Int32
        /// The hash of the first key, if the row has one.
        let hash: KeyHash
    }

    private(set) var commands: [Command] = []
    private var requests = RequestQueue(capacity: Transaction.bytesAtOnce)
    /// The locks that all requests need between them.
    private(set) var plan = LockPlan()
    /// What of the rows is looked at while the server is on alert.
    private(set) var asks: Concerns = []
    /// Whether a request was refused, so that none will run.
    var hasFailed = false

    /// Room for a usual transaction.
    private static let bytesAtOnce = 1000
    private static let commandsAtOnce = 12

    init() { commands.reserveCapacity(Transaction.commandsAtOnce) }

    /// The number of requests queued.
    var count: Int { commands.count }

    /// The bytes that it takes.
    var byteCount: Int {
        requests.byteCount + commands.capacity * MemoryLayout<Command>.stride
    }

    /// Queues a request.
    ///
    /// `received` is the block in which its last word stands, if that was received into one.
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

    /// Calls `body` with the requests in their order, until it says false.
    ///
    /// Their words are appended to `words`, one request after the other, and lent to `body`; the
    /// block is that in which the last word stands, if it was received into one.
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
