internal import Primitives
internal import System

/// Moves the bytes of a worker's connections.
///
/// docs/decisions/0008-event-loop-drivers.md explains why there are two drivers.
enum Driver {
    case readiness(ReadinessDriver)
    case completions(CompletionDriver)

    /// Adds a new connection; false if it cannot be served.
    func add(_ connection: Connection) -> Bool {
        switch self {
        case .readiness(let driver): return driver.add(connection)
        case .completions(let driver):
            driver.update(connection)
            return true
        }
    }

    /// Receives from a connection if it wants input, otherwise waits only for its end.
    func update(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        switch self {
        case .readiness(let driver): driver.update(connection)
        case .completions(let driver): driver.update(connection)
        }
    }

    /// Reports when the socket of a connection, which is `.sending`, is writable.
    func watchForRoom(_ connection: Connection) {
        switch self {
        case .readiness(let driver): driver.update(connection)
        case .completions(let driver): driver.watchForRoom(connection)
        }
    }

    /// Records that a connection was writable; it is still `.sending` if that was not enough.
    func hadRoom(_ connection: Connection) {
        let wantsMore = connection.state.contains(.sending)
        switch self {
        case .readiness(let driver): if !wantsMore { driver.update(connection) }
        case .completions(let driver): if wantsMore { driver.watchForRoom(connection) }
        }
    }

    /// Closes a connection.
    func remove(_ connection: Connection) {
        switch self {
        case .readiness(let driver): driver.remove(connection)
        case .completions: Socket(connection.descriptor).end()
        }
    }

    /// Sends ranges of `buffer` and records the result of each.
    func send(_ finished: inout [FinishedReply], _ buffer: Bytes) {
        switch self {
        case .readiness(let driver): driver.send(&finished, buffer)
        case .completions(let driver): driver.send(&finished, buffer)
        }
    }

    /// Releases the buffers with the bytes received in this round.
    func endRound() {
        if case .completions(let driver) = self { driver.ring.releaseBuffers() }
    }

    /// Its name in INFO.
    var name: String {
        switch self {
        case .readiness: "epoll"
        case .completions: "io_uring"
        }
    }
}
