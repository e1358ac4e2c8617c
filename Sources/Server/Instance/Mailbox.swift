internal import Primitives
internal import Synchronization
internal import System
internal import TLS

/// Messages from other threads to a worker, and posts for its clients.
///
/// The worker checks it once per round. Waking the worker takes a system call, and only happens if
/// it sleeps.
///
/// ```text
///            prepareToSleep               put
///  awake ───────────────────▶ sleeping ─────────▶ signalled
///    ▲                            │ woken             │
///    └────────────────────────────┴───────────────────┘
/// ```
final class Mailbox: Sendable {
    /// An accepted connection.
    struct Newcomer: Sendable {
        let descriptor: Int32
        let kind: Listener.Kind
        /// The TLS state, if the connection uses TLS.
        var stream: TLSStream?
    }

    /// A message.
    enum Message: Sendable {
        /// An accepted connection to serve.
        case connection(Newcomer)
        /// Work on frozen keys has ended; requests that wait for it may try again.
        case workEnded
        /// An answer that the client with this session is waiting for.
        case answer(session: UInt64)
        /// Requests of the worker's clients that no longer wait for a value.
        case unblocked([Waiter])
        /// Something to do on the worker's thread, between two requests.
        case task(@Sendable (Worker) -> Void)
    }

    private static let awake: UInt8 = 0
    private static let sleeping: UInt8 = 1
    private static let signalled: UInt8 = 2

    /// The posts for the owner's clients.
    private struct Posts {
        var waiting: [Post] = []
        /// The number of posts so far.
        var count: UInt64 = 0
    }

    /// The total weight of undelivered posts above which publishers wait if they can.
    private static let postsWeightMax = 16 << 20

    private let messages = Locked<[Message]>([])
    private let posts = Locked(Posts())
    private let arePosts = Atomic<Bool>(false)
    private let postsWeight = Atomic<Int>(0)
    private let hasMessages = Atomic<Bool>(false)
    private let state = Atomic<UInt8>(Mailbox.awake)
    private let wakeUp: WakeUp

    /// Creates a mailbox whose owner sleeps until `wakeUp` is signalled.
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
        // The owner announces that it sleeps, then checks for mail again; we leave mail, then check
        // whether it sleeps. At least one of the two sees the other.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard state.load(ordering: .relaxed) == Mailbox.sleeping else { return }
        let (isOurs, _) = state.compareExchange(
            expected: Mailbox.sleeping,
            desired: Mailbox.signalled,
            ordering: .relaxed
        )
        if isOurs { wakeUp.signal() }
    }

    /// Whether the mailbox was empty a moment ago.
    @inline(__always)
    var isEmpty: Bool { !hasMessages.load(ordering: .relaxed) && !hasPosts }

    /// Takes all messages, oldest first.
    func take() -> [Message] {
        messages.withLock { waiting in
            defer { waiting.removeAll(keepingCapacity: waiting.count <= 64) }
            hasMessages.store(false, ordering: .relaxed)
            return waiting
        }
    }

    /// Takes new connections, oldest first.
    func takeNewcomers() -> [Newcomer] {
        guard hasMessages.load(ordering: .relaxed) else { return [] }
        return messages.withLock { waiting in
            var newcomers: [Newcomer] = []
            waiting.removeAll { message in
                guard case .connection(let newcomer) = message else { return false }
                newcomers.append(newcomer)
                return true
            }
            return newcomers
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

    /// Whether there were posts a moment ago.
    @inline(__always)
    var hasPosts: Bool { arePosts.load(ordering: .relaxed) }

    /// The number of posts so far, which is the number of the next one.
    var postCount: UInt64 { posts.withLock { $0.count } }

    /// Whether so many posts wait that publishers should wait, too.
    var hasManyPosts: Bool { postsWeight.load(ordering: .relaxed) > Mailbox.postsWeightMax }

    /// Takes all posts, oldest first.
    func takePosts() -> [Post] {
        posts.withLock { posts in
            defer { posts.waiting.removeAll(keepingCapacity: posts.waiting.count <= 64) }
            arePosts.store(false, ordering: .relaxed)
            return posts.waiting
        }
    }

    /// Records that a post was delivered.
    func delivered(_ post: Post) { postsWeight.subtract(post.weight, ordering: .relaxed) }

    // MARK: Sleep

    /// Announces that the owner is about to sleep; false if mail has come and it must not.
    func prepareToSleep() -> Bool {
        state.store(Mailbox.sleeping, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isEmpty else {
            state.store(Mailbox.awake, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Records that the owner is awake.
    @inline(__always)
    func wokeUp() { state.store(Mailbox.awake, ordering: .relaxed) }
}

/// Identifies a client to other threads: worker and descriptor.
///
/// The session tells clients apart that use the same descriptor in turn.
struct ClientAddress: Hashable, Sendable {
    let worker: Int
    let descriptor: Int32
    let session: UInt64
}
