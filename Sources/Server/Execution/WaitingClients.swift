internal import Commands

/// A worker's clients whose requests wait, by what their first one waits for.
///
/// ```text
/// request ─▶ names a frozen key ────────▶ keys ─────── a work ended ──────────▶ ready ─▶ runs
///        ├─▶ partitions are taken ──────▶ partitions ─ next round ────────────▶ ready
///        ├─▶ until a moment ────────────▶ moments ──── it has come ───────────▶ ready
///        ├─▶ others must answer ────────▶ answers ──── the last one came ─────▶ ready
///        └─▶ is more than a slice ──────▶ turns: a slice each round, in turn ─▶ is through
/// ```
/// ## Invariants
/// A client stands in one of the lists at most. `moments` is sorted, the nearest one last.
struct WaitingClients {
    /// Clients that may try again in one round.
    static let readyAtOnce = 32
    /// Works begun on one worker at a time; what comes beyond waits.
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
    private var ready: [Connection] = []

    /// Whether there is something to do at once.
    var isBusy: Bool { !turns.isEmpty || !ready.isEmpty }

    /// Whether somebody waits for partitions, which nobody tells when they are free.
    var mustLookAgain: Bool { !partitions.isEmpty }

    /// Whether another work may begin.
    var mayBeginWork: Bool { turns.count < WaitingClients.worksMax }

    /// The nearest moment that somebody waits for, in milliseconds since 1970.
    var nearestMoment: Int64? { moments.last?.milliseconds }

    /// The number of clients that wait.
    var count: Int {
        turns.count + keys.count + partitions.count + moments.count + answers.count + ready.count
    }

    /// Files a client by what its first request waits for; one that no longer waits is left out.
    mutating func file(_ client: Connection) {
        guard let waiting = client.waiting else { return }
        switch waiting.wait {
        case .turn: turns.append(client)
        case .keys: keys.append(client)
        case .partitions: partitions.append(client)
        case .time(let milliseconds):
            // Behind those of the same moment that came before: they stand nearer to the end.
            let place = moments.firstIndex { $0.milliseconds <= milliseconds } ?? moments.count
            moments.insert(Moment(milliseconds: milliseconds, client: client), at: place)
        case .answers(let count):
            if count > 0 { answers.append(client) } else { ready.append(client) }
        }
    }

    /// A work ended: those that wait for keys may try again.
    mutating func workEnded() {
        ready += keys
        keys.removeAll()
    }

    /// A round is over: those that wait for partitions, or for a moment up to `now` (milliseconds
    /// since 1970), may try again.
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

    /// Notes an answer for the client with a session's number; the last one makes it ready.
    mutating func answered(session id: UInt64) {
        guard let place = answers.firstIndex(where: { $0.session.id == id }),
            let waiting = answers[place].waiting, case .answers(let count) = waiting.wait
        else { return }
        waiting.wait = .answers(count - 1)
        if count <= 1 { ready.append(answers.remove(at: place)) }
    }

    /// Some clients that may try again.
    mutating func takeReady() -> ArraySlice<Connection> {
        let taken = ready.prefix(WaitingClients.readyAtOnce)
        ready.removeFirst(taken.count)
        return taken
    }

    /// The client whose turn it is to do a slice.
    mutating func takeTurn() -> Connection? { turns.isEmpty ? nil : turns.removeFirst() }

    /// Forgets a client that has ended; a work that it has begun goes on.
    mutating func remove(_ client: Connection) {
        guard let waiting = client.waiting else { return }
        switch waiting.wait {
        case .turn: return
        case .keys: keys.removeAll { $0 === client }
        case .partitions: partitions.removeAll { $0 === client }
        case .time: moments.removeAll { $0.client === client }
        case .answers: answers.removeAll { $0 === client }
        }
        ready.removeAll { $0 === client }
        client.waiting = nil
    }
}
