internal import Commands
internal import Primitives

/// A task that all workers perform on their clients on behalf of one client.
///
/// Each worker runs it on its own thread, part by part, so that no requests wait for long.
///
/// ```text
/// asker ── task ──▶ every worker: a slice a round, round after round ── answer ──▶ asker replies
/// ```
final class ClientSurvey: Sendable {
    /// What to do with the clients that the filter selects.
    enum Purpose: Sendable {
        /// Describes them.
        case list
        /// Closes them.
        case kill
        /// Ends their waits for a value, as on timeout or with an error.
        case unblock(withError: Bool)
    }

    /// What one worker has found.
    ///
    /// Until the worker answers, only the worker uses it; after that, only the asker. The message
    /// with the answer orders the two.
    private final class Findings: @unchecked Sendable {  // because: one thread has it at a time
        var text = ByteBuffer()
        /// The client whose line is in each range of the text.
        var lines: [(id: UInt64, range: Range<Int>)] = []
        /// The number of clients found.
        var count = 0
        var includesAsker = false
    }

    /// About how long a worker spends on its clients per round.
    private static let sliceNanoseconds: Int64 = 250_000
    /// How many slots are checked between two readings of the clock.
    private static let placesAtOnce = 16
    /// A single worker with no more slots than this checks all of them at once.
    static let placesWithoutWait = 256

    private let purpose: Purpose
    private let filter: ClientFilter
    /// The number of the asker's session, and its worker's mailbox.
    private let asker: UInt64
    private let home: Mailbox
    /// The findings by worker.
    private let findings: [Findings]

    /// Creates a survey for the session `asker`, whose worker has the mailbox `home`.
    init(
        _ purpose: Purpose,
        _ filter: ClientFilter,
        workers: Int,
        asker: UInt64,
        home: Mailbox
    ) {
        findings = (0..<workers).map { _ in Findings() }
        self.purpose = purpose
        self.filter = filter
        self.asker = asker
        self.home = home
    }

    // MARK: Looking

    /// Makes each of `workers` check its clients on its own thread, and answer when it is done.
    func start(on workers: [Worker]) {
        for worker in workers { goOn(on: worker, from: 0) }
    }

    private func goOn(on worker: Worker, from place: Int) {
        worker.mailbox.put(
            .task { [self] worker in
                let end = Clock.monotonicNanoseconds() + ClientSurvey.sliceNanoseconds
                if let next = look(on: worker, from: place, until: end) {
                    goOn(on: worker, from: next)
                } else {
                    home.put(.answer(session: asker))
                }
            }
        )
    }

    /// Checks the clients of `worker` from a slot on; returns where to continue, nil at the end.
    ///
    /// Runs on the worker's thread, or while the world is stopped.
    func look(on worker: Worker, from place: Int = 0, until end: Int64 = .max) -> Int? {
        let found = findings[worker.index]
        var place = place
        while place < worker.connections.places.count {
            if let connection = worker.connections.places[place] {
                look(at: connection, of: worker, found)
            }
            place += 1
            if place % ClientSurvey.placesAtOnce == 0, Clock.monotonicNanoseconds() >= end {
                return place
            }
        }
        return nil
    }

    private func look(at connection: Connection, of worker: Worker, _ found: Findings) {
        let isAsker = connection.session.id == asker
        guard filter.accepts(connection, on: worker), !(isAsker && filter.skipsOwn) else { return }
        switch purpose {
        case .list:
            found.count += 1
            let start = found.text.count
            ClientLine.append(connection, on: worker, to: &found.text)
            found.text.append("\n")
            found.lines.append((connection.session.id, start..<found.text.count))
        case .unblock(let withError):
            if worker.unblock(connection, withError: withError) { found.count += 1 }
        case .kill:
            found.count += 1
            // The asker must still get its reply.
            if isAsker { found.includesAsker = true } else { worker.close(connection) }
        }
    }

    // MARK: Results, once all workers have answered

    /// The clients found, or unblocked.
    var count: Int { findings.reduce(0) { $0 + $1.count } }

    /// Whether the asker is one of them.
    var includesAsker: Bool { findings.contains { $0.includesAsker } }

    /// Calls `body` with the lines, sorted by the clients' IDs.
    func withLines<Result>(_ body: (Bytes) -> Result) -> Result {
        var lines = findings.flatMap { part in
            part.lines.map { (id: $0.id, part: part, range: $0.range) }
        }
        lines.sort { $0.id < $1.id }
        var sorted = ByteBuffer(capacity: findings.reduce(0) { $0 + $1.text.count })
        for line in lines { sorted.append(line.part.text.bytes[line.range]) }
        return body(sorted.bytes)
    }
}
