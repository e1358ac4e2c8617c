internal import CSupport
internal import Primitives
internal import Remote
internal import System

/// One thread's part of a test: its connections, driven by one event loop until all have replies.
///
/// Closed loop: a connection sends a batch as deep as the pipeline, waits for all its replies, and
/// sends the next. Open loop: requests are due according to the `Pacer`'s timetable; those that are
/// due are sent in batches over idle connections, and wait for one if there is none.
///
/// A request costs no allocation: the batch's bytes, the receive buffer and the queue of idle
/// connections belong to the loop and are reused.
struct LoadLoop: ~Copyable {
    /// The work of one thread.
    struct Plan {
        var target: Target
        var greeting: Greeting
        var template: RequestTemplate
        var clients: Int
        var requests: Int
        var thread: Int
        var threads: Int
        var options: Options
    }

    private static let receiveByteCount = 1 << 17

    private let plan: Plan
    private let progress: Progress
    private let poll: EventPoll
    private var pacer: Pacer?

    private var batch: RequestBatch
    private var connections: [Connection] = []
    private var received: [UInt8]
    /// Open loop: the idle connections, longest idle first.
    private var idle: IndexQueue

    private var issued = 0
    private var completed = 0
    private(set) var measurement = Measurement()

    /// Creates a loop without connections.
    init(_ plan: Plan, poll: EventPoll, progress: Progress) {
        self.plan = plan
        self.progress = progress
        self.poll = poll
        let options = plan.options
        batch = RequestBatch(
            plan.template,
            depth: options.pipeline,
            keyspace: options.keyspace,
            zipfExponent: options.zipfExponent,
            seed: options.seed &+ UInt64(plan.thread)
        )
        received = [UInt8](repeating: 0, count: Self.receiveByteCount)
        idle = IndexQueue(capacity: plan.clients)
        connections.reserveCapacity(plan.clients)
    }

    /// Connects all clients of the plan.
    mutating func connect() throws(LoadFailure) {
        for index in 0..<plan.clients {
            let channel = try plan.target.reach()
            channel.socket.setNonblocking()
            connections.append(connection(channel, isConnecting: false))
            try poll.add(channel.socket, token: index, .read)
        }
    }

    private func connection(_ channel: Channel, isConnecting: Bool) -> Connection {
        let scanner = StreamScanner(plan.options.speech, isBatched: plan.template.isBatched)
        return Connection(channel, scanner: scanner, isConnecting: isConnecting)
    }

    deinit {
        for connection in connections { connection.channel.close() }
    }

    /// Sends the plan's requests and waits for every reply.
    mutating func run() throws(LoadFailure) {
        let start = Clock.monotonicNanoseconds()
        measurement.start = start
        if let rate = plan.options.requestsPerSecond {
            // The kernel must not round up timed waits by its 50 µs of timer slack.
            _ = apus_set_timer_slack(1)
            pacer = Pacer(start: start, rate: rate, thread: plan.thread, threads: plan.threads)
        }
        for index in connections.indices { try startConnection(index, now: start) }
        while completed < plan.requests {
            if let pacer { try sendDue(pacer) }
            let count = poll.wait(nanoseconds: patience())
            for index in 0..<count {
                let (token, ready) = poll.event(index)
                try advance(Int(token), ready)
            }
        }
        measurement.end = Clock.monotonicNanoseconds()
    }

    /// How long the loop may sleep; nil if only a reply can give it something to do.
    private func patience() -> Int64? {
        guard let pacer, issued < plan.requests, !idle.isEmpty else { return nil }
        return max(0, pacer.due(issued) - Clock.monotonicNanoseconds())
    }

    private mutating func advance(
        _ index: Int,
        _ ready: EventPoll.Interest
    ) throws(LoadFailure) {
        if connections[index].isConnecting {
            try finishConnecting(index)
        } else if connections[index].isSecuring {
            try goOnSecuring(index)
        } else if ready.contains(.write), connections[index].isWaitingForRoom {
            try sendRest(index)
        }
        guard !connections[index].isSecuring else { return }
        if !ready.isDisjoint(with: [.read, .failure]) { try receive(index) }
    }

    // MARK: Sending

    private mutating func startConnection(_ index: Int, now: Int64) throws(LoadFailure) {
        let greeting = plan.greeting
        if greeting.replyCount > 0 {
            connections[index].greetingsOwed = greeting.replyCount
            try send(index, greeting.bytes, 0..<greeting.bytes.count)
        }
        try beIdle(index, now: now)
    }

    /// Handles a connection with nothing in flight.
    private mutating func beIdle(_ index: Int, now: Int64) throws(LoadFailure) {
        guard issued < plan.requests else { return }
        if pacer != nil {
            idle.append(index)
        } else {
            connections[index].sentAt = now
            try sendBatch(index, min(plan.options.pipeline, plan.requests - issued))
        }
    }

    private mutating func sendDue(_ pacer: Pacer) throws(LoadFailure) {
        guard issued < plan.requests, !idle.isEmpty else { return }
        let due = min(plan.requests, pacer.dueCount(at: Clock.monotonicNanoseconds()))
        while issued < due, let index = idle.popFirst() {
            connections[index].firstUnanswered = issued
            try sendBatch(index, min(plan.options.pipeline, due - issued))
        }
    }

    private mutating func sendBatch(_ index: Int, _ count: Int) throws(LoadFailure) {
        issued += count
        connections[index].inFlight = count
        batch.refresh(count)
        let byteCount = count * batch.requestByteCount
        if !connections[index].isWaitingForRoom {
            try send(index, batch.bytes, 0..<byteCount)
        } else {
            connections[index].unsent += batch.bytes[..<byteCount]
        }
    }

    private mutating func send(
        _ index: Int,
        _ bytes: [UInt8],
        _ range: Range<Int>
    ) throws(LoadFailure) {
        let channel = connections[index].channel
        let sent = try sendAll(channel, bytes, range)
        guard sent < range.count || channel.hasUnsent else { return }
        connections[index].unsent = Array(bytes[(range.lowerBound + sent)..<range.upperBound])
        connections[index].unsentStart = 0
        try poll.change(channel.socket, token: index, [.read, .write])
    }

    private mutating func sendRest(_ index: Int) throws(LoadFailure) {
        let connection = connections[index]
        let channel = connection.channel
        let rest = connection.unsentStart..<connection.unsent.count
        let sent = try sendAll(channel, connection.unsent, rest)
        if sent < rest.count || channel.hasUnsent {
            connections[index].unsentStart += sent
        } else {
            connections[index].unsent = []
            connections[index].unsentStart = 0
            try poll.change(channel.socket, token: index, .read)
        }
    }

    /// Sends as much as goes without waiting; returns how many bytes that was.
    private func sendAll(
        _ channel: Channel,
        _ bytes: [UInt8],
        _ range: Range<Int>
    ) throws(LoadFailure) -> Int {
        if let obstacle = channel.flush() { return try sentCount(channel, obstacle) }
        var sent = 0
        while sent < range.count, !channel.hasUnsent {
            let rest = (range.lowerBound + sent)..<range.upperBound
            let count = try sentCount(channel, channel.send(bytes, rest))
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    private func sentCount(_ channel: Channel, _ transfer: Transfer) throws(LoadFailure) -> Int {
        switch transfer {
        case .bytes(let count): return count
        case .wouldBlock: return 0
        case .closed(let error):
            throw LoadFailure(channel.failure(error, call: "Writing to socket"))
        }
    }

    // MARK: Receiving

    private mutating func receive(_ index: Int) throws(LoadFailure) {
        let channel = connections[index].channel
        repeat {
            switch channel.receive(into: &received) {
            case .wouldBlock: return
            case .closed(let error):
                throw LoadFailure(channel.failure(error, call: "Reading from socket"))
            case .bytes(let count): try take(index, count)
            }
        } while channel.hasMore
    }

    private mutating func take(_ index: Int, _ count: Int) throws(LoadFailure) {
        let replies = try connections[index].take(received, count)
        guard replies > 0 else { return }
        let now = Clock.monotonicNanoseconds()
        record(index, replies, now)
        if connections[index].inFlight == 0 { try endBatch(index, now: now) }
    }

    private mutating func record(_ index: Int, _ count: Int, _ now: Int64) {
        if let pacer {
            let first = connections[index].firstUnanswered
            for number in first..<first + count {
                measurement.record(now - pacer.due(number), count: 1)
            }
            connections[index].firstUnanswered = first + count
        } else {
            measurement.record(now - connections[index].sentAt, count: count)
        }
        completed += count
        progress.update(requests: completed, latencySum: measurement.latencySum)
    }

    private mutating func endBatch(_ index: Int, now: Int64) throws(LoadFailure) {
        if plan.options.keepsAlive {
            try beIdle(index, now: now)
        } else if issued < plan.requests {
            try reconnect(index)
        }
    }

    // MARK: Reconnecting

    private mutating func reconnect(_ index: Int) throws(LoadFailure) {
        connections[index].channel.close()
        let channel = try plan.target.reachLater()
        connections[index] = connection(channel, isConnecting: true)
        try poll.add(channel.socket, token: index, [.read, .write])
    }

    private mutating func finishConnecting(_ index: Int) throws(LoadFailure) {
        let error = connections[index].channel.socket.connectionError()
        guard error == 0 else {
            let name = plan.target.endpoint.name
            throw .couldNotConnect(to: name, reason: SystemError.reason(error))
        }
        connections[index].isConnecting = false
        connections[index].isSecuring = true
        try goOnSecuring(index)
    }

    /// Goes on with the handshake; without TLS there is none, and the first requests are sent.
    private mutating func goOnSecuring(_ index: Int) throws(LoadFailure) {
        let channel = connections[index].channel
        let isSecure: Bool
        do throws(RemoteFailure) { isSecure = try channel.secure() } catch {
            throw LoadFailure(error.whileConnecting(to: plan.target.endpoint.name))
        }
        let interest: EventPoll.Interest = channel.hasUnsent ? [.read, .write] : .read
        try poll.change(channel.socket, token: index, interest)
        guard isSecure else { return }
        connections[index].isSecuring = false
        try startConnection(index, now: Clock.monotonicNanoseconds())
    }
}
