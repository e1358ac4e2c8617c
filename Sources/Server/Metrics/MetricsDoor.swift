internal import Primitives
internal import System

/// Serves metrics and health checks over HTTP, on a thread of its own.
///
/// It reads published counters, as reports do, and never blocks a worker. There is no
/// authentication, so it listens on the loopback address by default.
///
/// ```text
/// reading ── head complete ─▶ writing ── all sent ─▶ leaving ── client closes ─▶ closed
///    └──────────────────────── deadline, in any state ──────────────────────────▶ closed
/// ```
final class MetricsDoor: @unchecked Sendable {  // because: `visitors` belongs to its thread
    private struct Visitor {
        /// Its number in the order of arrival.
        let number: UInt64
        /// When the connection is closed, in nanoseconds of the monotonic clock.
        let deadline: Int64
        var input: [UInt8] = []
        var output: [UInt8] = []
        var sent = 0
        /// Whether the response has been sent.
        var isLeaving = false
    }

    /// The maximum number of connections; a further one replaces the oldest.
    static let visitorsMax = 64
    /// The maximum duration of a connection.
    static let nanosecondsMax: Int64 = 5_000_000_000
    private static let tickMilliseconds: Int32 = 250
    private static let blockBytes = 4096
    private static let backlog: Int32 = 128

    private unowned let server: Instance
    /// The listening sockets; other threads open and close them, with this locked.
    private let listeners = Locked<[Socket]>([])
    private let poll: EventPoll
    private var visitors: [Int32: Visitor] = [:]
    private var count: UInt64 = 0
    private var block = [UInt8](repeating: 0, count: MetricsDoor.blockBytes)

    init(server: Instance) throws(SystemError) {
        self.server = server
        poll = try EventPoll()
    }

    /// Starts the thread, which runs until the process exits.
    func start() {
        _ = Thread("metrics") { self.run() }
    }

    /// Replaces the listening sockets by those of `options`.
    func listen(_ options: MetricsOptions) throws(Listener.Failure) {
        // Close the old ones first, as the new addresses may be the same.
        listeners.withLock { listeners in
            for socket in listeners { socket.close() }
            listeners = []
        }
        let opened = try Listener.openTCP(
            options.addresses,
            options.port,
            backlog: MetricsDoor.backlog
        )
        listeners.withLock { listeners in
            for (socket, _) in opened {
                try? poll.add(socket.descriptor, .read)
                listeners.append(socket)
            }
        }
    }

    // MARK: The thread

    private func run() {
        while true {
            let ready = poll.wait(visitors.isEmpty ? -1 : MetricsDoor.tickMilliseconds)
            for index in 0..<ready {
                let descriptor = poll.event(index).descriptor
                if visitors[descriptor] != nil {
                    advance(descriptor)
                } else {
                    accept(descriptor)
                }
            }
            let now = Clock.monotonicNanoseconds()
            for (descriptor, visitor) in visitors where visitor.deadline <= now {
                close(descriptor)
            }
        }
    }

    private func accept(_ listening: Int32) {
        for _ in 0..<MetricsDoor.visitorsMax {
            let acceptance = listeners.withLock { listeners in
                listeners.first { $0.descriptor == listening }?.accept()
            }
            switch acceptance {
            case nil, .some(.none): return
            case .noRoom:
                // No descriptor is free: close the oldest connection and try again.
                guard !visitors.isEmpty else { return Thread.sleep(milliseconds: 10) }
                closeOldest()
            case .connection(let socket): welcome(socket)
            }
        }
    }

    private func welcome(_ socket: Socket) {
        if visitors.count >= MetricsDoor.visitorsMax { closeOldest() }
        do throws(SystemError) { try poll.add(socket.descriptor, .read) } catch {
            return socket.close()
        }
        count += 1
        let deadline = Clock.monotonicNanoseconds() + MetricsDoor.nanosecondsMax
        visitors[socket.descriptor] = Visitor(number: count, deadline: deadline)
    }

    private func closeOldest() {
        guard let oldest = visitors.min(by: { $0.value.number < $1.value.number }) else { return }
        close(oldest.key)
    }

    private func close(_ descriptor: Int32) {
        visitors[descriptor] = nil
        Socket(descriptor).close()
    }

    // MARK: A visitor

    private func advance(_ descriptor: Int32) {
        guard var visitor = visitors[descriptor] else { return }
        let socket = Socket(descriptor)
        if visitor.output.isEmpty || visitor.isLeaving {
            switch socket.receive(into: &block) {
            case .bytes(let count):
                // Ignore anything after the request.
                if visitor.isLeaving { return }
                visitor.input += block[..<count]
                read(&visitor)
            case .wouldBlock: return
            case .closed: return close(descriptor)
            }
        }
        if !visitor.output.isEmpty, !visitor.isLeaving {
            switch socket.send(visitor.output, visitor.sent..<visitor.output.count) {
            case .bytes(let count): visitor.sent += count
            case .wouldBlock: break
            case .closed: return close(descriptor)
            }
            if visitor.sent == visitor.output.count {
                // Let the client close first: unread input would make the kernel reset the
                // connection and drop the end of the response.
                socket.endOutput()
                visitor.isLeaving = true
            }
        }
        let waitsForRoom = !visitor.output.isEmpty && !visitor.isLeaving
        visitors[descriptor] = visitor
        try? poll.change(descriptor, waitsForRoom ? .write : .read)
    }

    private func read(_ visitor: inout Visitor) {
        switch HTTPRequest.read(visitor.input) {
        case .incomplete: return
        case .refused(let status): visitor.output = HTTPResponse(status).bytes(isHead: false)
        case .request(let request):
            visitor.output = answer(request).bytes(isHead: request.isHead)
        }
        visitor.input = []
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch request.path {
        case "/metrics":
            let text = MetricsText.text(Metric.all, InfoSource(server))
            return HTTPResponse(type: MetricsText.type, body: text)
        case "/healthz": return HTTPResponse(.success)
        case "/readyz": return HTTPResponse(server.isReady ? .success : .unavailable)
        default: return HTTPResponse(.notFound)
        }
    }
}
