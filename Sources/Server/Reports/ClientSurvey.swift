internal import Commands
internal import Primitives

/// What all workers do with their clients on behalf of one: each worker on its own thread, some of
/// its table at a time, so that nobody's requests wait for long.
///
/// ```text
/// asker ── task ──▶ every worker: a slice a round, round after round ── answer ──▶ asker replies
/// ```
final class ClientSurvey: Sendable {
    /// What is done with the clients that the filter accepts.
    enum Purpose: Sendable {
        /// Their lines are written down.
        case list
        /// They are closed.
        case kill
    }

    /// What one worker has found.
    ///
    /// It is the worker's own until it answers, and the asker's from then on. The mail that
    /// brings the answer orders the two.
    private final class Findings: @unchecked Sendable {  // because: one thread has it at a time
        var text = ByteBuffer()
        /// Whose lines stand where in it.
        var lines: [(id: UInt64, range: Range<Int>)] = []
        /// The clients found.
        var count = 0
        var includesAsker = false
    }

    /// How long a worker looks at its clients in one round, about.
    private static let sliceNanoseconds: Int64 = 250_000
    /// Places of the table between two looks at the clock.
    private static let placesAtOnce = 16
    /// A single worker with no more places looks at all of them at once.
    static let placesWithoutWait = 256

    private let purpose: Purpose
    private let filter: ClientFilter
    /// The number of the asker's session, and its worker.
    private let asker: UInt64
    private let home: Mailbox
    /// By the workers' numbers.
    private let findings: [Findings]

    /// A survey for the session numbered `asker`, whose worker reads its mail in `home`.
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

    /// Has all of `workers` look at their clients, each on its thread; each sends the asker an
    /// answer in the end.
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

    /// Looks at the clients of `worker`, whose thread calls this or stands still, from a place of
    /// its table on; returns where to go on, nil when through.
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
        found.count += 1
        switch purpose {
        case .list:
            let start = found.text.count
            ClientLine.append(connection, on: worker, to: &found.text)
            found.text.append("\n")
            found.lines.append((connection.session.id, start..<found.text.count))
        case .kill:
            // The asker is still to get its reply.
            if isAsker { found.includesAsker = true } else { worker.close(connection) }
        }
    }

    // MARK: What was found; all workers are through

    /// The clients found.
    var count: Int { findings.reduce(0) { $0 + $1.count } }

    /// Whether the asker is one of them.
    var includesAsker: Bool { findings.contains { $0.includesAsker } }

    /// Calls `body` with the lines, in the order of the clients' numbers.
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
