internal import Primitives
internal import Wire

/// A request put aside, with words of its own.
final class HeldRequest {
    private let bytes: [UInt8]
    /// Where each word ends within `bytes`.
    private let ends: [Int]
    /// The last word where it was received into a block of its own.
    private let block: SharedBlock?

    /// Copies the words of `arguments`; `received` is the block in which the last one stands, if it
    /// stands in one.
    init(_ arguments: Arguments, received: SharedBlock?) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for index in 0..<arguments.count - (received == nil ? 0 : 1) {
            bytes.append(arguments[index])
            ends.append(bytes.count)
        }
        self.bytes = bytes
        self.ends = ends
        block = received
        block?.retain()
    }

    deinit { block?.release() }

    /// Calls `body` with each word in turn, and then `run` with the block of the last one; the
    /// words are lent until that returns.
    func withWords<Result>(
        _ body: (Bytes) -> Void,
        run: (_ received: SharedBlock?) -> Result
    ) -> Result {
        bytes.withBytes { all in
            var start = 0
            for end in ends {
                body(all[start..<end])
                start = end
            }
            if let block { body(block.bytes) }
            return run(block)
        }
    }
}

/// What is kept of a client whose requests wait: they run in their order, when the first one may.
final class Postponement {
    /// The requests received so far, from `next` on.
    private var requests: [HeldRequest] = []
    private var next = 0
    /// The work that the first one goes on with; 0 where it waits for others' work to end.
    var work: UInt64 = 0
    /// What was wrong with the bytes behind the requests, if they are no requests.
    var failure: ProtocolFailure?

    /// Adds a request behind the others.
    func append(_ request: HeldRequest) { requests.append(request) }

    /// The first request, or nil.
    var first: HeldRequest? { next < requests.count ? requests[next] : nil }

    /// Forgets the first request, which has run.
    func removeFirst() { next += 1 }
}

/// A worker's clients whose requests wait.
///
/// ```text
/// request ─▶ names a frozen key ───────▶ waiting ── work ended somewhere ──▶ ready ─▶ runs
///        └─▶ is more than a slice ─▶ atWork ── a slice each round, in turn ─────────▶ is through
/// ```
struct PostponedClients {
    /// Clients taken up again in one round.
    static let readyAtOnce = 32
    /// Works begun on one worker at a time; what comes beyond waits.
    static let worksMax = 8

    private(set) var atWork: [Client] = []
    private var waiting: [Client] = []
    private var ready: [Client] = []

    /// Whether there is something to do.
    var isBusy: Bool { !atWork.isEmpty || !ready.isEmpty }

    /// Files a client by what its first request waits for; one that waits no more is forgotten.
    mutating func file(_ client: Client) {
        guard let postponement = client.postponement else { return }
        if postponement.work != 0 { atWork.append(client) } else { waiting.append(client) }
    }

    /// Lets all that wait try again.
    mutating func retry() {
        ready += waiting
        waiting = []
    }

    /// Some clients that may try again.
    mutating func takeReady() -> ArraySlice<Client> {
        let taken = ready.prefix(PostponedClients.readyAtOnce)
        ready.removeFirst(taken.count)
        return taken
    }

    /// The client whose turn it is to do a slice.
    mutating func takeAtWork() -> Client? { atWork.isEmpty ? nil : atWork.removeFirst() }
}
