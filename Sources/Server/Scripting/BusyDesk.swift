internal import Commands
internal import Primitives
internal import System
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
    static let requestBytesMax = 4096
    static let wordsMax = 16

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

    private mutating func serveRequests(of index: Int, on worker: Worker) {
        while !visitors[index].waits, !visitors[index].isGone,
            worker.mayServeWhileBusy(visitors[index].connection)
        {
            let received = visitors[index].received
            guard let words = takeRequest(index) else { return }
            guard !words.isEmpty else { continue }
            reply(to: words, index, on: worker)
            if visitors[index].waits { visitors[index].received = received }
        }
    }

    /// The words of the next complete request, an array of bulk strings or an inline line, or nil.
    private mutating func takeRequest(_ index: Int) -> [[UInt8]]? {
        let received = visitors[index].received
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else {
            visitors[index].waits = received.count > BusyDesk.requestBytesMax
            return nil
        }
        let line = received[..<end].filter { $0 != UInt8(ascii: "\r") }
        guard line.first == UInt8(ascii: "*") else {
            visitors[index].received.removeFirst(end + 1)
            return line.split(separator: UInt8(ascii: " ")).map { Array($0) }
        }
        var place = end + 1
        var words: [[UInt8]] = []
        let count = BusyDesk.number(line.dropFirst())
        guard (0...BusyDesk.wordsMax).contains(count) else {
            visitors[index].waits = true
            return nil
        }
        while words.count < count {
            guard let stop = received[place...].firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            let size = BusyDesk.number(received[place..<stop].dropFirst())
            guard (0...BusyDesk.requestBytesMax).contains(size) else {
                visitors[index].waits = true
                return nil
            }
            guard stop + 1 + size + 2 <= received.count else { return nil }
            words.append(Array(received[stop + 1..<stop + 1 + size]))
            place = stop + 1 + size + 2
        }
        visitors[index].received.removeFirst(place)
        return words
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        let text = String(decoding: digits, as: UTF8.self).prefix { $0 != "\r" }
        return Int(text) ?? -1
    }

    // MARK: Replying

    /// Replies to a request, or notes that it has to wait or that its client wants to leave.
    private mutating func reply(to words: [[UInt8]], _ index: Int, on worker: Worker) {
        var vector = ArgumentVector(capacity: BusyDesk.wordsMax)
        for word in words { word.withBytes { vector.append($0) } }
        let arguments = vector.arguments(0, words.count)
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
