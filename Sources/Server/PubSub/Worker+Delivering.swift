internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Posts taken from the mailbox but not delivered yet.
struct PostQueue {
    private var posts: [Post] = []
    private var first = 0
    /// The number of the first one, among all that the mailbox ever received.
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

/// A push on its way to clients of one worker.
///
/// It is copied into the reply buffer once per protocol, however many clients there are, or, if it
/// is large, sent by reference.
private struct Outgoing {
    /// The push in RESP2.
    let block: SharedBlock
    /// The push in RESP3, once a client needs it.
    var pushBlock: SharedBlock?
    /// Whether it is a line rather than a push, the same in both protocols.
    let isLine: Bool
    /// Its ranges in the reply buffer, by protocol.
    var arrayRange: Range<Int>?
    var pushRange: Range<Int>?

    init(_ post: Post) {
        block = post.block
        pushBlock = post.pushBlock
        isLine =
            switch post.target {
            case .monitors, .watchers: true
            default: false
            }
    }

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

    /// Releases the blocks.
    func release() {
        block.release()
        pushBlock?.release()
    }
}

/// Delivers posts to this worker's clients.
extension Worker {
    /// Roughly how long posts are delivered before requests are served again.
    private static let deliveryNanoseconds: Int64 = 500_000
    /// By how much each client that messages wait for prolongs this.
    ///
    /// Another message for the same clients saves a send for each, which takes five to ten times as
    /// long as this.
    private static let deliveryNanosecondsPerClient: Int64 = 1000
    /// Pushes from this size on are not copied into the reply buffer.
    private static let copiedMax = 16 * 1024

    /// Delivers posts, but only some of them if there are many.
    func deliverPosts() {
        let start = Clock.monotonicNanoseconds()
        deliverPosts {
            let forClients = Int64(outbox.finished.count) * Worker.deliveryNanosecondsPerClient
            let limit = max(Worker.deliveryNanoseconds, forClients)
            return Clock.monotonicNanoseconds() - start < limit
        }
    }

    /// Delivers everything posted so far, before a request of a subscribed client runs.
    ///
    /// The client thus receives messages published before its request before the reply.
    @inline(never)
    func deliverPosts(before connection: Connection) {
        postBroadcast()
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
        var message = Outgoing(post)
        defer { message.release() }
        switch post.target {
        case .audience(let kind, let hash, let name):
            let audience = audiences.find(kind, post.block.bytes[name], hash)
            // Sending may close clients, which then leave the audience.
            for listener in audience?.listeners ?? [] where listener.since <= number {
                push(&message, to: listener.connection)
            }
        case .trackers(let trackers):
            for tracker in trackers {
                guard let connection = connection(at: tracker.address),
                    connection.session.tracker === tracker, connection.session.isRESP3
                else { continue }
                push(&message, to: connection)
            }
        case .redirected(let redirections):
            for redirection in redirections { push(&message, to: redirection) }
        case .monitors:
            for connection in monitors { push(&message, to: connection) }
        case .watchers(let stream):
            for watcher in watchers where watcher.streams.contains(stream) {
                // As in memcached, who does not read loses lines.
                guard watcher.connection.outputBytes <= Worker.watchBytesMax else { continue }
                push(&message, to: watcher.connection)
            }
        }
        if outbox.start > Worker.replyBytesHeld { flushReplies() }
    }

    /// Sends an invalidation to the client to which another one redirects.
    ///
    /// A RESP2 client can receive it only while it has subscriptions.
    private func push(_ message: inout Outgoing, to redirection: Post.Redirection) {
        guard let connection = connection(at: redirection.address) else {
            return server.tracking.breakRedirection(redirection.tracker, server.workers)
        }
        let session = connection.session
        guard !redirection.tracker.hasEnded,
            session.isRESP3 || session.traits.contains(.subscribed)
        else { return }
        push(&message, to: connection)
    }

    /// Sends a message to a client, after anything already on its way to it.
    private func push(_ message: inout Outgoing, to connection: Connection) {
        guard connection.state.isDisjoint(with: [.closed, .closesAfterReply]) else { return }
        let isRESP3 = connection.session.isRESP3 && !message.isLine
        let isLarge = message.block.count >= Worker.copiedMax
        // What is encrypted for one client cannot be sent to others.
        if !isLarge, connection.outputBytes == 0, connection.stream == nil {
            let range = range(of: &message, isRESP3)
            if outbox.finish(connection, range) { return }
            // Replies sent with one call may be sent in any order.
            sendFinished()
            guard !connection.state.contains(.closed) else { return }
            if connection.outputBytes == 0, outbox.finish(connection, range) { return }
        }
        if connection.state.contains(.replied) { sendFinished() }
        guard !connection.state.contains(.closed) else { return }
        sendBlock(message.block(isRESP3: isRESP3), isLarge, connection)
    }

    /// The range of a message in the reply buffer, after which nothing is being gathered.
    private func range(of message: inout Outgoing, _ isRESP3: Bool) -> Range<Int> {
        if let range = isRESP3 ? message.pushRange : message.arrayRange { return range }
        let start = executor.context.reply.buffer.count
        if isRESP3, let block = message.pushBlock {
            executor.context.reply.raw(block.bytes)
        } else if isRESP3 {
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

    /// Sends a block at once, or queues it if anything is queued.
    func sendBlock(_ block: SharedBlock, _ isLarge: Bool, _ connection: Connection) {
        var sent = 0
        server.appendOnly.commit()
        if connection.outputBytes == 0, connection.stream == nil {
            switch Transport.send(connection.descriptor, block.bytes) {
            case .bytes(let count):
                sent = count
                note(connection, sent: count)
            case .wouldBlock: break
            case .closed: return close(connection)
            }
        }
        guard sent < block.count else { return }
        let queue = connection.openOutput()
        if isLarge {
            block.retain()
            queue.append(block, skipping: &sent)
        } else {
            queue.append(block.bytes, skipping: &sent)
        }
        if connection.stream != nil { return sendQueue(connection, queue) }
        watchForRoom(connection)
        enforceOutputLimit(connection)
    }
}
