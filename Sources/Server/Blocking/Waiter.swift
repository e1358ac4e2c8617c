internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Synchronization
internal import System
internal import Wire

/// A blocked request, shared by all workers.
///
/// The worker of its client creates it, and cancels it on timeout or disconnect. Whichever worker
/// changes one of its keys serves it, while holding the locks of that key's partition and of
/// `besides`.
///
/// ```text
///              claim                  finish
///   waiting ──────────▶ claimed ─────────────────▶ served     the reply is on its way
///      │ ▲   giveBack     │ │ hangUp
///      │ └────────────────┘ └────────────────────▶ hungUp     the client has disconnected
///      │ cancel
///      └─────────────────────────────────────────▶ ended, …   timeout, disconnect, UNBLOCK
/// ```
/// ## Invariants
/// Only `state` and `reply` change after creation. `reply` is written by the worker that claimed
/// the request, before `finish`, and read by the client's worker after it.
final class Waiter: @unchecked Sendable {  // because: see the invariants
    /// The states of a blocked request.
    enum State: UInt8 {
        case waiting, claimed, served, hungUp
        /// Cancelled by its own worker, or by CLIENT UNBLOCK with TIMEOUT or ERROR.
        case ended, unblockedInVain, unblockedWithError
    }

    /// The client, and what commands need to know about its session.
    let client: ClientAddress
    let database: Int
    let isRESP3: Bool
    let ignoresUses: Bool

    /// The command's row and the words of the request.
    let row: Int
    let request: RequestQueue
    /// The type of value it waits for.
    let kind: EntryKind
    /// Whether it fails when its key is deleted or changes type (XREADGROUP).
    let endsWithKey: Bool
    /// The partitions of keys that the command writes to but does not wait for: a move's target.
    let besides: PartitionSet
    /// When it times out, in milliseconds since 1970; `Int64.max` means never.
    let deadline: Int64
    /// How often to try it even if its keys don't change, in milliseconds.
    let lookAgainMilliseconds: Int64?
    /// The queues it is in, one for each key.
    private(set) var queues: [WaiterQueue] = []
    /// The reply, once it is served.
    var reply: [UInt8] = []

    private let word = Atomic<UInt8>(State.waiting.rawValue)

    init(
        _ client: ClientAddress,
        _ session: Session,
        row: Int,
        request: consuming RequestQueue,
        _ handler: BlockingHandler,
        besides: PartitionSet,
        deadline: Int64,
        lookAgainMilliseconds: Int64? = nil
    ) {
        self.client = client
        database = session.database
        isRESP3 = session.isRESP3
        ignoresUses = session.traits.contains(.noTouch)
        self.row = row
        self.request = request
        kind = handler.kind
        endsWithKey = handler.endsWithKey
        self.besides = besides
        self.deadline = deadline
        self.lookAgainMilliseconds = lookAgainMilliseconds
    }

    /// When its worker must try it again or time it out, seen from `now`; nil means never.
    func nextMoment(after now: Int64) -> Int64? {
        let moment = min(deadline, lookAgainMilliseconds.map { now + $0 } ?? .max)
        return moment < .max ? moment : nil
    }

    /// Joins `queue`, unless it is in it already; before other workers can see the request.
    func stand(in queue: WaiterQueue) {
        guard !queues.contains(where: { $0 === queue }) else { return }
        queues.append(queue)
        queue.append(self)
    }

    /// The memory it uses, in bytes.
    var byteCount: Int { 256 + request.byteCount + reply.count }

    // MARK: States

    var state: State {
        guard let state = State(rawValue: word.load(ordering: .acquiring)) else {
            preconditionFailure("only states are stored")
        }
        return state
    }

    /// Whether it no longer waits; only its own worker still has work to do for it.
    var isOver: Bool {
        switch state {
        case .waiting, .claimed: false
        case .served, .hungUp, .ended, .unblockedInVain, .unblockedWithError: true
        }
    }

    /// Gives the caller the exclusive right to serve it.
    ///
    /// Returns false if another worker has claimed it, or if it no longer waits.
    func claim() -> Bool { change(.waiting, to: .claimed) }

    /// Marks it as served.
    ///
    /// The caller has claimed it.
    func finish() { leaveClaim(.served) }

    /// Marks its client as disconnected.
    ///
    /// The caller has claimed it.
    func hangUp() { leaveClaim(.hungUp) }

    /// Returns it to waiting: there was nothing for it.
    ///
    /// The caller has claimed it.
    func giveBack() { leaveClaim(.waiting) }

    private func leaveClaim(_ state: State) {
        assert(self.state == .claimed, "the caller has claimed it")
        word.store(state.rawValue, ordering: .releasing)
    }

    /// Cancels it, and returns whether it could; also true if its client hung up.
    ///
    /// Waits while it is claimed. The claimer never waits for anyone, so this is short.
    func cancel(_ end: State = .ended) -> Bool {
        var looks = 0
        while true {
            if change(.waiting, to: end) { return true }
            let state = state
            guard state == .claimed else { return state == .hungUp }
            looks += 1
            if looks > Waiter.looksMax { Thread.yield() }
        }
    }

    /// How often to check a claim before yielding the processor.
    private static let looksMax = 100

    private func change(_ old: State, to new: State) -> Bool {
        word.compareExchange(
            expected: old.rawValue,
            desired: new.rawValue,
            ordering: .acquiringAndReleasing
        ).exchanged
    }
}
