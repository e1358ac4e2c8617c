internal import Commands
internal import Primitives
internal import Synchronization

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

    /// What was found so far.
    private struct Findings: ~Copyable, @unchecked Sendable {  // because: the mutex guards it
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
    private let findings = Mutex(Findings())

    /// A survey for the session numbered `asker`, whose worker reads its mail in `home`.
    init(_ purpose: Purpose, _ filter: ClientFilter, asker: UInt64, home: Mailbox) {
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
        var found = Findings()
        var place = place
        var next: Int?
        while place < worker.connections.places.count {
            if let connection = worker.connections.places[place] {
                look(at: connection, of: worker, &found)
            }
            place += 1
            if place % ClientSurvey.placesAtOnce == 0, Clock.monotonicNanoseconds() >= end {
                next = place
                break
            }
        }
        findings.withLock { all in
            let start = all.text.count
            all.text.append(found.text.bytes)
            for line in found.lines {
                let range = line.range.lowerBound + start..<line.range.upperBound + start
                all.lines.append((line.id, range))
            }
            all.count += found.count
            if found.includesAsker { all.includesAsker = true }
        }
        return next
    }

    private func look(at connection: Connection, of worker: Worker, _ found: inout Findings) {
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

    // MARK: What was found

    /// The clients found.
    var count: Int { findings.withLock { $0.count } }

    /// Whether the asker is one of them.
    var includesAsker: Bool { findings.withLock { $0.includesAsker } }

    /// Calls `body` with the lines, in the order of the clients' numbers.
    func withLines<Result>(_ body: (Bytes) -> Result) -> Result {
        findings.withLock { found in
            found.lines.sort { $0.id < $1.id }
            var sorted = ByteBuffer(capacity: found.text.count)
            for line in found.lines { sorted.append(found.text.bytes[line.range]) }
            return body(sorted.bytes)
        }
    }
}
