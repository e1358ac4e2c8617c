internal import Primitives
internal import Synchronization
internal import System

/// What other threads ask of a worker.
///
/// There are messages to the worker, and posts for its clients. The worker looks into it once a
/// round. Only a worker that sleeps is woken, which costs a system
/// call; mail for a busy one costs none.
///
/// ```text
///            prepareToSleep               put
///  awake ───────────────────▶ sleeping ─────────▶ signalled
///    ▲                            │ woken             │
///    └────────────────────────────┴───────────────────┘
/// ```
final class Mailbox: Sendable {
    /// A message.
    enum Message: Sendable {
        /// An accepted connection to serve.
        case connection(descriptor: Int32, isUnix: Bool)
        /// Work on frozen keys has ended: what waits for it may try again.
        case workEnded
        /// One of the answers that the client of a session waits for.
        case answer(session: UInt64)
        /// Something to do on the worker's thread, between two requests.
        case task(@Sendable (Worker) -> Void)
    }

    private static let awake: UInt8 = 0
    private static let sleeping: UInt8 = 1
    private static let signalled: UInt8 = 2

    /// What is posted for the owner's clients.
    private struct Posts {
        var waiting: [Post] = []
        /// All that were ever put in.
        var count: UInt64 = 0
    }

    /// Posts that may wait, by weight, before who can wait does.
    private static let postsWeightMax = 16 << 20

    private let messages = Locked<[Message]>([])
    private let posts = Locked(Posts())
    private let arePosts = Atomic<Bool>(false)
    private let postsWeight = Atomic<Int>(0)
    private let hasMessages = Atomic<Bool>(false)
    private let state = Atomic<UInt8>(Mailbox.awake)
    private let wakeUp: WakeUp

    /// A mailbox whose owner sleeps until `wakeUp` is signalled.
    init(_ wakeUp: WakeUp) { self.wakeUp = wakeUp }

    /// Leaves a message, and wakes the owner if it sleeps.
    func put(_ message: Message) {
        messages.withLock {
            $0.append(message)
            hasMessages.store(true, ordering: .relaxed)
        }
        wake()
    }

    /// Wakes the owner if it sleeps.
    func wake() {
        // The owner says that it sleeps before it looks for mail once more; we leave mail before we
        // look whether it sleeps. One of the two sees the other.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard state.load(ordering: .relaxed) == Mailbox.sleeping else { return }
        let (isOurs, _) = state.compareExchange(
            expected: Mailbox.sleeping,
            desired: Mailbox.signalled,
            ordering: .relaxed
        )
        if isOurs { wakeUp.signal() }
    }

    /// Whether there is mail, or was a moment ago.
    @inline(__always)
    var isEmpty: Bool { !hasMessages.load(ordering: .relaxed) && !hasPosts }

    /// Takes all messages, in the order they were left.
    func take() -> [Message] {
        messages.withLock { waiting in
            defer { waiting.removeAll(keepingCapacity: waiting.count <= 64) }
            hasMessages.store(false, ordering: .relaxed)
            return waiting
        }
    }

    // MARK: Posts

    /// Leaves a post for clients of the owner, and wakes it if it sleeps.
    func post(_ post: Post) {
        postsWeight.add(post.weight, ordering: .relaxed)
        posts.withLock {
            $0.waiting.append(post)
            $0.count &+= 1
            arePosts.store(true, ordering: .relaxed)
        }
        wake()
    }

    /// Whether there are posts, or were a moment ago.
    @inline(__always)
    var hasPosts: Bool { arePosts.load(ordering: .relaxed) }

    /// The posts that were ever put in: the number of the next one.
    var postCount: UInt64 { posts.withLock { $0.count } }

    /// Whether so much waits that who posts had better wait, too.
    var hasManyPosts: Bool { postsWeight.load(ordering: .relaxed) > Mailbox.postsWeightMax }

    /// Takes all posts, in the order they were left.
    func takePosts() -> [Post] {
        posts.withLock { posts in
            defer { posts.waiting.removeAll(keepingCapacity: posts.waiting.count <= 64) }
            arePosts.store(false, ordering: .relaxed)
            return posts.waiting
        }
    }

    /// Notes that a post was delivered.
    func delivered(_ post: Post) { postsWeight.subtract(post.weight, ordering: .relaxed) }

    // MARK: Sleep

    /// Notes that the owner is about to sleep; false where mail has come, and it must not.
    func prepareToSleep() -> Bool {
        state.store(Mailbox.sleeping, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isEmpty else {
            state.store(Mailbox.awake, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Notes that the owner is awake.
    @inline(__always)
    func wokeUp() { state.store(Mailbox.awake, ordering: .relaxed) }
}

/// Names a client from any thread: its worker, its connection, and its session, as descriptors are
/// used again.
struct ClientAddress: Hashable, Sendable {
    let worker: Int
    let descriptor: Int32
    let session: UInt64
}
