internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Receiving: into the worker's memory, from there into the batch; a request cut off stays with its
/// client.
extension Worker {
    /// Takes bytes that a client sent, which lie in memory that stays until the round is over.
    func take(_ client: Client, _ memory: Cell, _ count: Int) {
        note(client, received: count)
        if client.incoming != nil { return takeBlock(client, memory, count) }
        if client.query.count > 0 || client.state.contains(.postponed) {
            return takeBehindTail(client, memory.bytes(0, count))
        }
        let used = parse(client, memory, count)
        // Words of a request that is not whole are kept even where no byte is left over.
        guard client.parser.firstNeeded(used) < count, !client.state.contains(.closed)
        else { return }
        keepTail(client, memory.bytes(used, count - used), dropped: used)
    }

    /// Takes bytes where the beginning of a request waits already; its requests run at once, as the
    /// buffer may move.
    private func takeBehindTail(_ client: Client, _ bytes: Bytes) {
        client.query.append(bytes)
        guard client.query.count <= server.options.queryBufferBytesMax else {
            return closeTooLong(client)
        }
        // What a postponed client sent before the ring stopped receiving waits like its requests.
        if _fastPath(!client.state.contains(.postponed)) { parseKept(client) }
    }

    /// Parses what is kept of a client's bytes, runs it, and keeps the rest.
    func parseKept(_ client: Client) {
        finishBatch()
        let memory = client.query.cell
        let start = client.parsed
        client.parsed = 0
        let count = client.query.count - start
        let used = start + parse(client, memory.advanced(by: start), count, base: start)
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
                    unauthenticated: !client.state.contains(.authenticated)
                )
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
                if let postponement = client.postponement {
                    postponement.failure = error
                    return count
                }
                context.reply.error(error)
                client.state.insert(.closesAfterReply)
            }
            return count
        }
    }

    /// Counts what a client sent.
    func note(_ client: Client, received count: Int) {
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

    /// Lets go of what the requests that ran took.
    func finishRound() {
        usedSlots = 0
        ring?.releaseBuffers()
        words.truncate(to: 0)
        if batch.count == 0 { switchReplies(to: nil) }
        if !ended.isEmpty { ended.removeAll() }
        if !context.retired.isEmpty {
            server.reaper.take(context.retired)
            context.retired.removeAll()
        }
    }
}
