internal import Commands
internal import Primitives
internal import Wire

/// Serves a worker's clients while one of its scripts is busy.
///
/// To everything but the commands that can end a script, and those that clients send before them,
/// the reply is that the server is busy:
///
/// ```text
/// SCRIPT KILL │ FUNCTION KILL │ SHUTDOWN NOSAVE │ FUNCTION STATS │ AUTH │ HELLO │ QUIT │ …: BUSY
/// ```
/// It runs on the script's own thread, whenever the script is interrupted. A request that cannot be
/// replied to here, as it is large or changes the client's state, waits until the script has ended.
/// New clients go to other workers, if one has no busy script.
struct BusyDesk {
    private struct Visitor {
        let connection: Connection
        /// What it has sent, less the requests replied to.
        var received: [UInt8] = []
        /// Whether its next request has to wait for the end of the script.
        var waits = false
        /// Whether it has to be disconnected.
        var isGone = false
    }

    /// The largest requests that are replied to.
    private static let requestBytesMax = 4096
    private static let wordsMax = 16

    private var visitors: [Visitor] = []

    /// Takes the requests that had been received before the script became busy.
    mutating func open(on worker: Worker) {
        worker.keepReceivedBuffers()
        worker.removeBatchedRequests { connection, bytes in
            let index = visitor(connection)
            visitors[index].received.append(bytes)
        }
        for index in visitors.indices { serveRequests(of: index, on: worker) }
        dismiss(on: worker)
    }

    /// Serves what has arrived.
    mutating func serve(on worker: Worker) {
        worker.server.acceptWhileBusy(worker)
        for newcomer in worker.mailbox.takeNewcomers() { worker.adopt(newcomer) }
        worker.receiveWhileBusy { connection, bytes in
            take(bytes, from: connection, on: worker)
        }
        dismiss(on: worker)
    }

    /// Hands what clients have sent over to the worker.
    mutating func close(on worker: Worker) {
        for visitor in visitors { worker.setAside(visitor.received, from: visitor.connection) }
        visitors.removeAll()
    }

    /// Forgets clients that have had all their replies, and closes those that want to leave.
    private mutating func dismiss(on worker: Worker) {
        for visitor in visitors where visitor.isGone { worker.close(visitor.connection) }
        visitors.removeAll { $0.isGone || $0.received.isEmpty }
    }

    // MARK: Receiving

    private mutating func take(_ bytes: Bytes, from connection: Connection, on worker: Worker) {
        let index = visitor(connection)
        visitors[index].received.append(bytes)
        serveRequests(of: index, on: worker)
    }

    /// The index of a client, which is added if necessary.
    private mutating func visitor(_ connection: Connection) -> Int {
        if let index = visitors.firstIndex(where: { $0.connection === connection }) { return index }
        visitors.append(Visitor(connection: connection))
        return visitors.count - 1
    }

    /// Replies to complete requests of a client, as long as none of them has to wait.
    private mutating func serveRequests(of index: Int, on worker: Worker) {
        var buffer = ByteBuffer(capacity: visitors[index].received.count)
        visitors[index].received.withBytes { buffer.append($0) }
        var words = ArgumentVector(capacity: BusyDesk.wordsMax)
        var served = 0
        while served < buffer.count, !visitors[index].waits, !visitors[index].isGone,
            worker.mayServeWhileBusy(visitors[index].connection)
        {
            words.truncate(to: 0)
            var parser = RESPParser()
            var position = served
            let outcome = try? parser.next(
                buffer.cell,
                buffer.count,
                &position,
                RequestLimits(),
                into: &words
            )
            if case .incomplete = outcome {
                visitors[index].waits = (parser.wordAhead ?? 0) > BusyDesk.requestBytesMax
                break
            }
            let arguments = words.arguments(0, words.count)
            guard outcome != nil, BusyDesk.isSmall(arguments) else {
                visitors[index].waits = true
                break
            }
            if arguments.count > 0 { reply(to: arguments, index, on: worker) }
            if !visitors[index].waits { served = position }
        }
        visitors[index].received.removeFirst(served)
    }

    /// Whether a request may be replied to here.
    static func isSmall(_ arguments: Arguments) -> Bool {
        arguments.count <= wordsMax
            && (0..<arguments.count).allSatisfy { arguments[$0].count <= requestBytesMax }
    }

    // MARK: Replying

    /// Replies to a request, or notes that it has to wait or that its client wants to leave.
    private mutating func reply(to arguments: Arguments, _ index: Int, on worker: Worker) {
        let request = BusyRequest(arguments, worker.executor.registry)
        guard request.kind != .wait else {
            visitors[index].waits = true
            return
        }
        let reply = worker.executor.replyWhileBusy(
            request,
            arguments,
            visitors[index].connection
        )
        worker.sendWhileBusy(reply, to: visitors[index].connection)
        if request.kind == .quit { visitors[index].isGone = true }
    }
}
