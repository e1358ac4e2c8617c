internal import Primitives
internal import System

/// What moves the bytes of a worker's connections.
///
/// docs/decisions/0008-event-loop-drivers.md says why there are two.
enum Driver {
    case readiness(ReadinessDriver)
    case completions(CompletionDriver)

    /// Takes up a new connection; false where it cannot be served.
    func add(_ connection: Connection) -> Bool {
        switch self {
        case .readiness(let driver): return driver.add(connection)
        case .completions(let driver):
            driver.update(connection)
            return true
        }
    }

    /// Receives from a connection as it wants input by now, or waits for the end alone.
    func update(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        switch self {
        case .readiness(let driver): driver.update(connection)
        case .completions(let driver): driver.update(connection)
        }
    }

    /// Tells when a connection, which is `.sending`, has room.
    func watchForRoom(_ connection: Connection) {
        switch self {
        case .readiness(let driver): driver.update(connection)
        case .completions(let driver): driver.watchForRoom(connection)
        }
    }

    /// Takes note that a connection had room; it is still `.sending` where that was not enough.
    func hadRoom(_ connection: Connection) {
        let wantsMore = connection.state.contains(.sending)
        switch self {
        case .readiness(let driver): if !wantsMore { driver.update(connection) }
        case .completions(let driver): if wantsMore { driver.watchForRoom(connection) }
        }
    }

    /// Ends a connection.
    func remove(_ connection: Connection) {
        switch self {
        case .readiness(let driver): driver.remove(connection)
        case .completions: Socket(connection.descriptor).end()
        }
    }

    /// Sends ranges of `buffer` and notes what became of each.
    func send(_ finished: inout [FinishedReply], _ buffer: Bytes) {
        switch self {
        case .readiness(let driver): driver.send(&finished, buffer)
        case .completions(let driver): driver.send(&finished, buffer)
        }
    }

    /// Lets go of what was received in the round.
    func endRound() {
        if case .completions(let driver) = self { driver.ring.releaseBuffers() }
    }

    /// Its name, as INFO tells it.
    var name: String {
        switch self {
        case .readiness: "epoll"
        case .completions: "io_uring"
        }
    }
}
