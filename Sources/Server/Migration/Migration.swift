internal import Glibc
internal import Primitives
internal import System

/// Keys on their way to another server.
///
/// While it is in progress, only its thread uses it; before and after, the worker of the request.
/// The message with the answer orders the two.
final class Migration: @unchecked Sendable {  // because: one thread has it at a time, see above
    /// A key and its value.
    struct Parcel {
        let key: [UInt8]
        /// The value as serialized by DUMP.
        let payload: [UInt8]
        /// Milliseconds since 1970.
        let expiry: Int64?
        /// Whether the other server has accepted it.
        var hasArrived = false

        init(key: [UInt8], payload: [UInt8], expiry: Int64?) {
            self.key = key
            self.payload = payload
            self.expiry = expiry
        }

        /// Whether the value and its expiry are the same.
        func isSame(as other: Parcel) -> Bool {
            expiry == other.expiry && payload == other.payload
        }
    }

    /// Why keys did not arrive.
    enum Failure: Equatable {
        case connecting
        case writing
        case reading
        /// The other server's error, without the minus sign.
        case reply(String)

        /// The error reply, in Redis' wording.
        var text: String {
            switch self {
            case .connecting: "IOERR error or timeout connecting to the client"
            case .writing: "IOERR error or timeout writing to target instance"
            case .reading: "IOERR error or timeout reading from target instance"
            case .reply(let text): "ERR Target instance replied with error: \(text)"
            }
        }
    }

    let target: MigrateRequest.Target
    private(set) var parcels: [Parcel]
    private(set) var failure: Failure?
    /// How often keys have been sent, including this time.
    let round: Int
    private let replaces: Bool

    init(
        _ target: MigrateRequest.Target,
        _ parcels: [Parcel],
        replaces: Bool,
        round: Int = 1
    ) {
        self.target = target
        self.parcels = parcels
        self.replaces = replaces
        self.round = round
    }

    /// A further migration, of keys that have arrived but changed here in the meantime.
    func next(_ changed: [Parcel]) -> Migration {
        Migration(target, changed, replaces: true, round: round + 1)
    }

    /// Sends everything on a thread of its own, which calls `ended` afterwards.
    func start(_ links: MigrationLinks, _ ended: @escaping @Sendable () -> Void) {
        _ = Thread("migration") { [self] in
            run(links)
            ended()
        }
    }

    /// Sends everything, and waits for the replies.
    func run(_ links: MigrationLinks) {
        failure = nil
        let kept = links.take(target)
        let link: MigrationLink
        if let kept {
            link = kept
        } else {
            do throws(SystemError) { link = try MigrationLink(target) } catch {
                // Redis reports a refused connection when it writes.
                failure = error.number == ECONNREFUSED ? .writing : .connecting
                return
            }
        }
        exchange(link)
        if kept != nil, failure == .writing || failure == .reading,
            parcels.allSatisfy({
                !$0.hasArrived
            })
        {
            // The other server may have closed a connection that was idle for a while.
            link.close()
            return run(links)
        }
        if failure == .writing || failure == .reading {
            link.close()
        } else {
            links.keep(link)
        }
    }

    private func exchange(_ link: MigrationLink) {
        let greetings = link.greetings(target)
        var bytes = greetings.flatMap { MigrationLink.request($0) }
        for parcel in parcels { bytes += request(parcel) }
        guard link.send(bytes) else {
            failure = .writing
            return
        }
        for _ in greetings {
            guard let line = link.readLine() else {
                failure = .reading
                return
            }
            note(line)
        }
        // Keys sent to a database that could not be selected have not arrived.
        let counts = failure == nil
        for index in parcels.indices {
            guard let line = link.readLine() else {
                failure = .reading
                return
            }
            note(line)
            if counts, line.hasPrefix("+") { parcels[index].hasArrived = true }
        }
        link.isGreeted(target, failure == nil || counts)
    }

    private func note(_ line: String) {
        if line.hasPrefix("-"), failure == nil { failure = .reply(String(line.dropFirst())) }
    }

    private func request(_ parcel: Parcel) -> [UInt8] {
        let left = parcel.expiry.map { max(1, $0 - Clock.unixMilliseconds()) } ?? 0
        var words = [Array("RESTORE".utf8), parcel.key, Array(String(left).utf8), parcel.payload]
        if replaces { words.append(Array("REPLACE".utf8)) }
        return MigrationLink.request(words)
    }
}
