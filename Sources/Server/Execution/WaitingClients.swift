internal import Commands

/// A worker's clients with waiting requests, by what the first request of each waits for.
///
/// ```text
/// request ─▶ names a frozen key ───────▶ keys ─────── a work has ended ───────▶ ready ─▶ runs
///        ├─▶ partitions are locked ────▶ partitions ─ next round ─────────────▶ ready
///        ├─▶ waits for a time ─────────▶ moments ──── the time has come ──────▶ ready
///        ├─▶ clients are paused ───────▶ paused ───── the pause is over ──────▶ ready
///        ├─▶ waits for answers ────────▶ answers ──── the last one arrived ───▶ ready
///        ├─▶ waits for a value ────────▶ is in a `WaiterQueue`, in none of these lists
///        └─▶ needs several slices ─────▶ turns: one slice per round, in turn ─▶ done
/// ```
/// ## Invariants
/// A client is in at most one of the lists. `moments` is sorted, the nearest one last.
struct WaitingClients {
    /// The maximum number of clients that may retry in one round.
    static let readyAtOnce = 32
    /// The maximum number of works in progress on one worker; further ones wait.
    static let worksMax = 8

    private struct Moment {
        let milliseconds: Int64
        let client: Connection
    }

    private var turns: [Connection] = []
    private var keys: [Connection] = []
    private var partitions: [Connection] = []
    private var moments: [Moment] = []
    private var answers: [Connection] = []
    private var paused: [Connection] = []
    private var ready: [Connection] = []

    /// Whether there is something to do immediately.
    var isBusy: Bool { !turns.isEmpty || !ready.isEmpty }

    /// Whether anyone waits for partitions; there is no notification when they are released.
    var mustLookAgain: Bool { !partitions.isEmpty }

    /// Whether another work may start.
    var mayBeginWork: Bool { turns.count < WaitingClients.worksMax }

    /// The nearest time that anyone waits for, in milliseconds since 1970.
    var nearestMoment: Int64? { moments.last?.milliseconds }

    /// Whether anyone waits for the end of a pause.
    var hasPaused: Bool { !paused.isEmpty }

    /// The number of waiting clients.
    var count: Int {
        turns.count + keys.count + partitions.count + moments.count + answers.count
            + paused.count + ready.count
    }

    /// Files a client by what its first request waits for; ignores a client that no longer waits.
    mutating func file(_ client: Connection) {
        guard let waiting = client.waiting else { return }
        switch waiting.wait {
        case .turn: turns.append(client)
        case .keys: keys.append(client)
        case .partitions: partitions.append(client)
        case .time(let milliseconds):
            // After earlier ones for the same time, which are closer to the end.
            let place = moments.firstIndex { $0.milliseconds <= milliseconds } ?? moments.count
            moments.insert(Moment(milliseconds: milliseconds, client: client), at: place)
        case .answers(let count):
            if count > 0 { answers.append(client) } else { ready.append(client) }
        case .pause: paused.append(client)
        case .value: break
        }
    }

    /// Lets clients that wait for keys retry, as a work has ended.
    mutating func workEnded() {
        ready += keys
        keys.removeAll()
    }

    /// Lets clients retry that wait for the end of a pause, as it is over.
    mutating func pauseEnded() {
        ready += paused
        paused.removeAll()
    }

    /// Ends a round: lets clients retry that wait for partitions, or for a time up to `now`.
    ///
    /// `now` is in milliseconds since 1970.
    mutating func roundEnded(now: Int64) {
        if !partitions.isEmpty {
            ready += partitions
            partitions.removeAll()
        }
        while let moment = moments.last, moment.milliseconds <= now {
            moments.removeLast()
            ready.append(moment.client)
        }
    }

    /// Counts an answer for the client with this session id; the last one makes it ready.
    mutating func answered(session id: UInt64) {
        guard let place = answers.firstIndex(where: { $0.session.id == id }),
            let waiting = answers[place].waiting, case .answers(let count) = waiting.wait
        else { return }
        waiting.wait = .answers(count - 1)
        if count <= 1 { ready.append(answers.remove(at: place)) }
    }

    /// Takes some of the clients that may retry.
    mutating func takeReady() -> ArraySlice<Connection> {
        let taken = ready.prefix(WaitingClients.readyAtOnce)
        ready.removeFirst(taken.count)
        return taken
    }

    /// Takes the client whose turn it is to run a slice.
    mutating func takeTurn() -> Connection? { turns.isEmpty ? nil : turns.removeFirst() }

    /// Removes a closed client; a work that it has started continues.
    mutating func remove(_ client: Connection) {
        guard let waiting = client.waiting else { return }
        switch waiting.wait {
        case .turn: return
        case .keys: keys.removeAll { $0 === client }
        case .partitions: partitions.removeAll { $0 === client }
        case .time: moments.removeAll { $0.client === client }
        case .answers: answers.removeAll { $0 === client }
        case .pause: paused.removeAll { $0 === client }
        case .value:
            client.waiting = nil
            return
        }
        ready.removeAll { $0 === client }
        client.waiting = nil
    }
}
