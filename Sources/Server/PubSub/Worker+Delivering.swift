internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Posts that were taken from the mailbox and have not been delivered.
struct PostQueue {
    private var posts: [Post] = []
    private var first = 0
    /// The number of the first of them, among all that the mailbox ever got.
    private(set) var firstNumber: UInt64 = 0

    @inline(__always)
    var isEmpty: Bool { first == posts.count }

    mutating func append(_ more: [Post]) {
        if isEmpty {
            posts = more
            first = 0
        } else {
            posts += more
        }
    }

    /// Takes the first post, with its number.
    mutating func removeFirst() -> (post: Post, number: UInt64) {
        let post = posts[first]
        let number = firstNumber
        first += 1
        firstNumber &+= 1
        if isEmpty {
            posts.removeAll(keepingCapacity: posts.count <= 64)
            first = 0
        }
        return (post, number)
    }
}

/// A push on its way to clients of one worker: copied into the reply buffer once for each protocol,
/// however many clients there are, or, if it is large, sent from where it is.
private struct Outgoing {
    /// As RESP2 has it.
    let block: SharedBlock
    /// As RESP3 has it, once a client asked for it.
    var pushBlock: SharedBlock?
    /// Where it stands in the reply buffer, by protocol.
    var arrayRange: Range<Int>?
    var pushRange: Range<Int>?

    init(_ block: SharedBlock) { self.block = block }

    /// The block for a protocol.
    mutating func block(isRESP3: Bool) -> SharedBlock {
        guard isRESP3 else { return block }
        if let pushBlock { return pushBlock }
        let copy = SharedBlock(capacity: block.count)
        copy.storage.put(block.bytes, 0)
        copy.storage.store(UInt8(ascii: ">"), 0)
        copy.count = block.count
        pushBlock = copy
        return copy
    }

    /// Gives the blocks back.
    func release() {
        block.release()
        pushBlock?.release()
    }
}

/// Delivering what was posted for this worker's clients.
extension Worker {
    /// How long posts are delivered before requests are served again, about.
    private static let deliveryNanoseconds: Int64 = 500_000
    /// Pushes from this size on are not copied into the reply buffer.
    private static let copiedMax = 16 * 1024

    /// Delivers what was posted, some of it if it is much.
    func deliverPosts() {
        let end = Clock.monotonicNanoseconds() + Worker.deliveryNanoseconds
        deliverPosts { Clock.monotonicNanoseconds() < end }
    }

    /// Delivers all that was posted so far, ahead of a request of a client that listens: what was
    /// said before it asks, it hears before it is answered.
    @inline(never)
    func deliverPosts(before connection: Connection) {
        guard mailbox.hasPosts || !posts.isEmpty else { return }
        deliverPosts { true }
        switchReplies(to: connection)
    }

    private func deliverPosts(while goesOn: () -> Bool) {
        switchReplies(to: nil)
        posts.append(mailbox.takePosts())
        while !posts.isEmpty {
            let (post, number) = posts.removeFirst()
            deliver(post, number)
            mailbox.delivered(post)
            guard goesOn() else { return }
        }
    }

    private func deliver(_ post: Post, _ number: UInt64) {
        var message = Outgoing(post.block)
        defer { message.release() }
        switch post.target {
        case .audience(let kind, let hash, let name):
            let audience = audiences.find(kind, post.block.bytes[name], hash)
            // Sending may end clients, which leave the audience.
            for listener in audience?.listeners ?? [] where listener.since <= number {
                push(&message, to: listener.connection)
            }
        case .clients(let addresses):
            for address in addresses {
                guard let connection = connection(at: address) else { continue }
                push(&message, to: connection)
            }
        }
        if outbox.start > Worker.replyBytesHeld { flushReplies() }
    }

    /// Sends a message to a client, behind what is on its way to it.
    private func push(_ message: inout Outgoing, to connection: Connection) {
        guard connection.state.isDisjoint(with: [.closed, .closesAfterReply]) else { return }
        let isRESP3 = connection.session.isRESP3
        let isLarge = message.block.count >= Worker.copiedMax
        if !isLarge, connection.outputBytes == 0 {
            let range = range(of: &message, isRESP3)
            if outbox.finish(connection, range) { return }
            // What is sent with one call may go in any order.
            sendFinished()
            guard !connection.state.contains(.closed) else { return }
            if connection.outputBytes == 0, outbox.finish(connection, range) { return }
        }
        if connection.state.contains(.replied) { sendFinished() }
        guard !connection.state.contains(.closed) else { return }
        sendBlock(message.block(isRESP3: isRESP3), isLarge, connection)
    }

    /// Where a message stands in the reply buffer, behind which nothing is being gathered.
    private func range(of message: inout Outgoing, _ isRESP3: Bool) -> Range<Int> {
        if let range = isRESP3 ? message.pushRange : message.arrayRange { return range }
        let start = executor.context.reply.buffer.count
        if isRESP3 {
            executor.context.reply.raw(Bytes(">"))
            executor.context.reply.raw(message.block.bytes.dropFirst(1))
        } else {
            executor.context.reply.raw(message.block.bytes)
        }
        let range = start..<executor.context.reply.buffer.count
        outbox.start = range.upperBound
        if isRESP3 { message.pushRange = range } else { message.arrayRange = range }
        return range
    }

    /// Sends a block at once, or lets it wait behind what waits.
    private func sendBlock(_ block: SharedBlock, _ isLarge: Bool, _ connection: Connection) {
        var sent = 0
        if connection.outputBytes == 0 {
            switch Transport.send(connection.descriptor, block.bytes) {
            case .bytes(let count):
                sent = count
                note(connection, sent: count)
            case .wouldBlock: break
            case .closed: return close(connection)
            }
        }
        guard sent < block.count else { return }
        let queue = connection.output ?? OutputQueue()
        connection.output = queue
        if isLarge {
            block.retain()
            queue.append(block, skipping: &sent)
        } else {
            queue.append(block.bytes, skipping: &sent)
        }
        watchForRoom(connection)
        enforceOutputLimit(connection)
    }
}
