internal import CSupport
internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import System
internal import Wire

/// One thread: its epoll set, its connections, its buffers, its counters and its clock.
///
/// ```text
/// wait ─▶ receive from up to 32 ready sockets, parse, look up, prefetch buckets ─┐
///   ▲                                                                             ▼
///   └── tick: expire, free, time out ◀── send, one per socket ◀── run in order ◀─ prefetch entries
/// ```
/// Everything here is touched by its own thread alone, but for the mailbox, and but for other
/// workers' looks while the world is stopped (`Instance.exclusively`).
final class Worker: @unchecked Sendable {  // because: one thread owns it, see above
    /// Sockets received from before their requests must have run.
    static let receiveSlots = 32
    /// What is received at once from one socket.
    static let receiveBytes = 64 * 1024
    /// Replies that are sent before their client's batch is through.
    static let replyBytesHeld = 256 * 1024
    /// Keys expired, and blocks freed, at once: well under a millisecond's work.
    static let expiredAtOnce = 256
    static let freedAtOnce = 2048

    let index: Int
    /// Both live as long as the process.
    let server: Instance
    let registry: Registry
    let poll: EventPoll
    let wakeUp: WakeUp
    let mailbox = Mailbox()
    var context: CommandContext
    var statistics: WorkerStatistics
    private(set) var rates = WorkerRates()
    var words = ArgumentVector()
    var batch = Batch()
    /// Clients by descriptor.
    private(set) var clients: [Client?] = []
    private(set) var clientCount = 0
    /// The client whose replies are being gathered.
    private(set) var replying: Client?
    /// Seconds of the monotonic clock, as of the last wait.
    private(set) var nowSeconds: Int64 = 0
    private let receiveMemory: Cell
    private var usedSlots = 0
    private var cyclesBefore: UInt64 = 0
    private var nextTick: Int64 = 0
    private var nextExpiry: Int64 = 0
    private var hasBacklog = false
    private var isFreeing = false

    init(index: Int, server: Instance) throws(SystemError) {
        self.index = index
        self.server = server
        registry = server.registry
        poll = try EventPoll()
        wakeUp = try WakeUp()
        try poll.add(wakeUp.descriptor, .read)
        context = CommandContext(
            keyspace: server.keyspace, seed: UInt64.random(in: 1...UInt64.max))
        context.limits = server.options.commandLimits
        statistics = WorkerStatistics(commandCount: registry.table.facts.count)
        statistics.keepDurations(server.options.tracksLatency)
        let bytes = Worker.receiveSlots * Worker.receiveBytes
        // SAFETY: lives as long as the worker, which lives as long as the process.
        receiveMemory = unsafe Cell(.allocate(byteCount: bytes, alignment: 4096))
    }

    // MARK: The loop

    /// Serves until the server stops.
    func run() {
        while !server.isStopping {
            let timeout = hasBacklog ? 0 : Int32(clamping: max(0, nextWake() - Clock.unixMilliseconds()))
            let ready = poll.wait(timeout)
            readClocks()
            for index in 0..<ready { serve(poll.event(index)) }
            runBatch(parsing: nil)
            finishRound()
            if context.now >= nextTick || context.now >= nextExpiry || hasBacklog { tick() }
            server.parkIfAsked(self)
        }
        server.leave(self)
    }

    private func nextWake() -> Int64 { min(nextTick, nextExpiry) }

    func readClocks() {
        context.now = Clock.unixMilliseconds()
        nowSeconds = Clock.monotonicNanoseconds() / 1_000_000_000
        cyclesBefore = apus_cycles()
    }

    /// Cycles since this was asked last, or since the clocks were read.
    @inline(__always)
    func cyclesSinceLast() -> UInt64 {
        let now = apus_cycles()
        defer { cyclesBefore = now }
        return now &- cyclesBefore
    }

    private func serve(_ event: (descriptor: Int32, ready: EventPoll.Interest)) {
        let descriptor = Int(event.descriptor)
        if descriptor < clients.count, let client = clients[descriptor] {
            if event.ready.contains(.write) { sendMore(client) }
            if !event.ready.isDisjoint(with: [.read, .hangUp]) { receive(client) }
        } else if event.descriptor == wakeUp.descriptor {
            wakeUp.clear()
            readMail()
        } else {
            server.acceptConnections(event.descriptor, self)
        }
    }

    private func readMail() {
        for message in mailbox.take() {
            switch message {
            case .connection(let descriptor, let isUnix): adopt(descriptor, isUnix: isUnix)
            case .wake: break
            }
        }
    }

    // MARK: Receiving

    private func receive(_ client: Client) {
        guard !client.state.contains(.closed) else { return }
        if client.incoming != nil { return receiveBlock(client) }
        if client.query.count > 0 { return receiveBehindTail(client) }
        if usedSlots == Worker.receiveSlots { finishBatch() }
        let memory = receiveMemory.advanced(by: usedSlots * Worker.receiveBytes)
        switch Socket.receive(client.descriptor, memory, Worker.receiveBytes) {
        case .wouldBlock: return
        case .closed: return close(client)
        case .bytes(let count):
            usedSlots += 1
            note(client, received: count)
            let used = parse(client, memory, count)
            // Words of a request that is not whole are kept even where no byte is left over.
            guard client.parser.firstNeeded(used) < count, !client.state.contains(.closed)
            else { return }
            keepTail(client, memory.bytes(used, count - used), dropped: used)
        }
    }

    /// Receives where the beginning of a request waits already; its requests run at once, as the
    /// buffer may move.
    private func receiveBehindTail(_ client: Client) {
        if usedSlots == Worker.receiveSlots { finishBatch() }
        // By way of the worker's memory, so that a client that sends bit by bit takes little.
        let memory = receiveMemory.advanced(by: usedSlots * Worker.receiveBytes)
        switch Socket.receive(client.descriptor, memory, Worker.receiveBytes) {
        case .wouldBlock: return
        case .closed: return close(client)
        case .bytes(let count):
            client.query.append(memory.bytes(0, count))
            note(client, received: count)
            guard client.query.count <= server.options.queryBufferBytesMax else {
                return closeTooLong(client)
            }
            parseKept(client)
        }
    }

    /// Parses what is kept of a client's bytes, runs it, and keeps the rest.
    func parseKept(_ client: Client) {
        finishBatch()
        let memory = client.query.cell
        let start = client.parsed
        client.parsed = 0
        let used = start + parse(client, memory.advanced(by: start), client.query.count - start, base: start)
        finishBatch()
        guard !client.state.contains(.closed) else { return }
        let needed = client.parser.firstNeeded(used)
        client.query.removeFirst(needed)
        client.parser.rebase(needed)
        client.parsed = used - needed
        if client.query.count == 0 { client.query.removeAll(keep: 0) } else { keepWaiting(client) }
    }

    /// Has little memory wait for the rest of a request.
    private func keepWaiting(_ client: Client) {
        client.query.shrink()
        expectBlock(client)
    }

    private func keepTail(_ client: Client, _ tail: Bytes, dropped: Int) {
        // What the parser holds of the request begins before the tail.
        let needed = client.parser.firstNeeded(dropped)
        let back = dropped - needed
        client.query.append(Bytes(tail, extendedBack: back))
        client.parser.rebase(needed)
        client.parsed = back
        expectBlock(client)
    }

    /// Parses requests into the batch, running it whenever it is full; returns the bytes used.
    ///
    /// `base` is where `memory` begins within the bytes that the parser has seen before.
    private func parse(_ client: Client, _ memory: Cell, _ count: Int, base: Int = 0) -> Int {
        let whole = memory.advanced(by: -base)
        var position = base
        let end = base + count
        do throws(ProtocolFailure) {
            while true {
                if batch.isFull { runBatch(parsing: client) }
                let start = words.count
                let limits = RequestLimits(
                    wordBytesMax: context.limits.stringBytesMax,
                    unauthenticated: !client.state.contains(.authenticated))
                switch try client.parser.next(whole, end, &position, limits, into: &words) {
                case .request: enqueue(client, start, words.count - start)
                case .nothing: continue
                case .incomplete: return position - base
                }
            }
        } catch {
            runBatch(parsing: client)
            switchReplies(to: client)
            if client.state.isDisjoint(with: [.closed, .closesAfterReply]) {
                context.reply.error(error)
                client.state.insert(.closesAfterReply)
            }
            return count
        }
    }

    private func note(_ client: Client, received count: Int) {
        client.bytesReceived &+= UInt64(count)
        statistics.bytesReceived &+= UInt64(count)
        statistics.receives &+= 1
        client.lastActiveAt = nowSeconds
    }

    /// Runs what the batch holds and frees the receive slots.
    func finishBatch() {
        runBatch(parsing: nil)
        finishRound()
    }

    private func finishRound() {
        usedSlots = 0
        words.truncate(to: 0)
        if batch.count == 0 { switchReplies(to: nil) }
        if !ended.isEmpty { ended.removeAll() }
        if !context.retired.isEmpty {
            server.reaper.take(context.retired)
            context.retired.removeAll()
        }
    }

    // MARK: Large words

    /// Where the last word of a request is large, receives the rest of it straight into the block
    /// that will be the value.
    private func expectBlock(_ client: Client) {
        guard let length = client.parser.wordAhead, length >= 32 * 1024,
            client.parser.isLastWord
        else { return }
        let incoming = IncomingBlock(length: length)
        let have = client.query.bytes.dropFirst(client.parsed)
        let part = have[0..<min(have.count, length)]
        incoming.block.storage.put(part, 0)
        incoming.block.count = part.count
        incoming.lineEndLeft = 2 - (have.count - part.count)
        client.query.truncate(to: client.parsed)
        client.incoming = incoming
        if part.count == length, incoming.lineEndLeft == 0 { finishBlock(client, incoming) }
    }

    private func receiveBlock(_ client: Client) {
        guard let incoming = client.incoming else { return }
        let block = incoming.block
        let left = incoming.length - block.count
        if left > 0 {
            let target = block.storage.advanced(by: block.count)
            switch Socket.receive(client.descriptor, target, left) {
            case .wouldBlock: return
            case .closed: return close(client)
            case .bytes(let count):
                block.count += count
                note(client, received: count)
            }
            guard block.count <= server.options.queryBufferBytesMax else {
                return closeTooLong(client)
            }
            if block.count < incoming.length { return }
        }
        var lineEnd: UInt16 = 0
        // SAFETY: at most two bytes, for which there is room.
        let outcome = unsafe withUnsafeMutableBytes(of: &lineEnd) { buffer -> Transfer in
            guard let base = buffer.baseAddress else { return .closed }
            return Socket.receive(client.descriptor, unsafe Cell(base), incoming.lineEndLeft)
        }
        switch outcome {
        case .wouldBlock: return
        case .closed: return close(client)
        case .bytes(let count):
            incoming.lineEndLeft -= count
            note(client, received: count)
            if incoming.lineEndLeft == 0 { finishBlock(client, incoming) }
        }
    }

    /// Ends a client that sent more of one request than client-query-buffer-limit allows.
    private func closeTooLong(_ client: Client) {
        server.log(
            .warning,
            "Closing client that reached max query buffer length: "
                + ClientLine(client, on: self).text)
        close(client)
    }

    /// Runs the request whose last word has come whole.
    private func finishBlock(_ client: Client, _ incoming: IncomingBlock) {
        finishBatch()
        client.incoming = nil
        client.parser.completeWord(incoming.block.bytes, client.query.cell, into: &words)
        client.query.truncate(to: 0)
        client.parsed = 0
        context.received = incoming.block
        incoming.block.retain()
        enqueue(client, 0, words.count)
        finishBatch()
        context.received?.release()
        context.received = nil
        client.query.removeAll(keep: 0)
    }

    // MARK: Sending

    /// Sends the replies of the client served so far, and gathers those of `client` from now on.
    func switchReplies(to client: Client?) {
        if let old = replying {
            replying = nil
            sendReplies(old)
        }
        replying = client
        if let client { context.reply.isRESP3 = client.state.contains(.resp3) }
    }

    private func sendReplies(_ client: Client) {
        if context.reply.buffer.count > 0, !client.state.contains(.closed) {
            let sent = sendDirectly(client)
            if !client.state.contains(.closed) {
                if sent < context.reply.byteCount { queueRest(client, sent) }
            }
        }
        context.reply.removeAll(keep: 1 << 20)
        if client.state.contains(.closesAfterReply), client.outputBytes == 0 { close(client) }
    }

    /// Sends what goes without queueing; returns the bytes that went.
    private func sendDirectly(_ client: Client) -> Int {
        guard client.outputBytes == 0 else { return 0 }
        let outcome: Transfer
        if context.reply.references.isEmpty {
            outcome = Socket.send(client.descriptor, context.reply.buffer.bytes)
        } else {
            outcome = Socket.send(client.descriptor, parts: replyParts())
        }
        switch outcome {
        case .bytes(let count):
            note(client, sent: count)
            return count
        case .wouldBlock: return 0
        case .closed:
            close(client)
            return 0
        }
    }

    private func replyParts() -> [Bytes] {
        var parts: [Bytes] = []
        var position = 0
        let bytes = context.reply.buffer.bytes
        for reference in context.reply.references {
            parts.append(bytes[position..<reference.position])
            parts.append(reference.block.bytes)
            position = reference.position
        }
        parts.append(bytes.dropFirst(position))
        return parts
    }

    private func queueRest(_ client: Client, _ sent: Int) {
        let queue = client.output ?? OutputQueue()
        client.output = queue
        var position = 0
        let bytes = context.reply.buffer.bytes
        for reference in context.reply.takeReferences() {
            queue.append(bytes[position..<reference.position])
            queue.append(reference.block)
            position = reference.position
        }
        queue.append(bytes.dropFirst(position))
        queue.drop(sent)
        watchForRoom(client)
        enforceOutputLimit(client)
    }

    private func watchForRoom(_ client: Client) {
        guard !client.state.contains(.sending) else { return }
        client.state.insert(.sending)
        try? poll.change(client.descriptor, [.read, .write])
    }

    private func sendMore(_ client: Client) {
        guard let queue = client.output, !client.state.contains(.closed) else { return }
        guard let sent = queue.send(client.descriptor) else { return close(client) }
        note(client, sent: sent)
        guard queue.byteCount == 0 else { return }
        client.output = nil
        client.softLimitSince = 0
        client.state.remove(.sending)
        try? poll.change(client.descriptor, .read)
        if client.state.contains(.closesAfterReply) { close(client) }
    }

    private func note(_ client: Client, sent count: Int) {
        client.bytesSent &+= UInt64(count)
        statistics.bytesSent &+= UInt64(count)
        statistics.sends &+= 1
        client.lastActiveAt = nowSeconds
    }

    /// Ends a client that lets more wait than client-output-buffer-limit allows.
    private func enforceOutputLimit(_ client: Client) {
        let limit = server.options.outputBufferLimits.normal
        let waiting = UInt64(client.outputBytes)
        if limit.hardBytes > 0, waiting > limit.hardBytes { return closeTooSlow(client) }
        guard limit.softBytes > 0, waiting > limit.softBytes else {
            client.softLimitSince = 0
            return
        }
        if client.softLimitSince == 0 { client.softLimitSince = nowSeconds }
        if nowSeconds - client.softLimitSince > limit.softSeconds { closeTooSlow(client) }
    }

    private func closeTooSlow(_ client: Client) {
        server.log(
            .warning,
            "Client \(ClientLine(client, on: self).text) scheduled to be closed ASAP for "
                + "overcoming of output buffer limits.")
        close(client)
    }

    // MARK: Connections

    /// Takes over an accepted connection.
    func adopt(_ descriptor: Int32, isUnix: Bool) {
        let client = Client(
            descriptor: descriptor, id: server.nextClientID(), now: nowSeconds)
        if isUnix { client.state.insert(.unix) }
        if server.options.password.isEmpty { client.state.insert(.authenticated) }
        while clients.count <= Int(descriptor) {
            clients.append(contentsOf: repeatElement(nil, count: max(64, clients.count)))
        }
        clients[Int(descriptor)] = client
        clientCount += 1
        do throws(SystemError) {
            try poll.add(descriptor, .read)
        } catch {
            close(client)
        }
    }

    /// Ends a connection; what waits for it is dropped.
    func close(_ client: Client) {
        guard !client.state.contains(.closed) else { return }
        client.state.insert(.closed)
        client.output = nil
        client.incoming = nil
        clients[Int(client.descriptor)] = nil
        clientCount -= 1
        poll.remove(client.descriptor)
        Socket.close(client.descriptor)
        server.connectionEnded()
        // Requests of the client may still stand in the batch: they hold no reference.
        if batch.count > 0 { ended.append(client) }
    }

    /// Clients that ended while requests of theirs stand in the batch.
    private var ended: [Client] = []

    // MARK: The tick

    private func tick() {
        hasBacklog = expire()
        let isDue = context.now >= nextTick
        if isDue || isFreeing { isFreeing = freeRemains() }
        if isFreeing { hasBacklog = true }
        guard isDue else { return }
        nextTick = context.now + 1000 / Int64(server.options.ticksPerSecond)
        timeOutClients()
        rates.note(statistics, now: context.now)
    }

    /// Calls `body` with every shard that this worker looks after, its partition locked.
    private func forEachShard(_ body: (Shard) -> Void) {
        let keyspace = context.keyspace
        for partition in stride(
            from: index, to: keyspace.partitionCount, by: server.workerCount)
        {
            keyspace.lock(partition)
            for database in 0..<keyspace.databaseCount {
                body(keyspace.shard(partition: partition, database: database))
            }
            keyspace.unlock(partition)
        }
    }

    /// Removes due keys; returns whether some are left for the next round.
    private func expire() -> Bool {
        guard server.expiresActively else {
            nextExpiry = .max
            return false
        }
        var budget = Worker.expiredAtOnce
        var hasMore = false
        var earliest = Int64.max
        let now = context.now
        forEachShard { shard in
            if shard.expireDue(now: now, budget: &budget) { hasMore = true }
            if let next = shard.earliestExpiry { earliest = min(earliest, next) }
            statistics.expiredKeys &+= UInt64(shard.takeExpiredCount())
            statistics.expiredFields &+= UInt64(shard.takeExpiredFieldCount())
        }
        // Not more often than every 10 ms, and at the latest with the next tick, as keys that were
        // set since may be due earlier.
        nextExpiry = max(earliest, now + 10)
        nextExpiry = min(nextExpiry, now + 20)
        return hasMore
    }

    /// Looks for due keys with the next tick.
    func expireSoon() { nextExpiry = 0 }

    /// Sets what is counted to zero.
    func resetStatistics() {
        statistics.reset()
        rates = WorkerRates()
        context.statistics = CommandStatistics()
    }

    private func freeRemains() -> Bool {
        var budget = Worker.freedAtOnce
        var hasMore = false
        forEachShard { shard in
            if shard.hasRemains, shard.freeSome(budget: &budget) { hasMore = true }
        }
        return hasMore
    }

    private func timeOutClients() {
        let limit = Int64(server.options.timeoutSeconds)
        for client in clients {
            guard let client else { continue }
            if client.outputBytes > 0 { enforceOutputLimit(client) }
            if limit > 0, nowSeconds - client.lastActiveAt > limit { close(client) }
        }
    }
}
