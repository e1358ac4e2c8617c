internal import CSupport
internal import Glibc

/// An epoll instance, which reports descriptors that are ready.
@safe
public final class EventPoll: @unchecked Sendable {  // because: one worker waits, the kernel locks
    /// The events that a descriptor is watched for, or is ready for.
    public struct Interest: OptionSet, Sendable {
        /// The kernel's bits.
        public let rawValue: UInt32
        /// Creates a set from its bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// There are bytes to receive, or the peer closed the connection.
        public static let read = Interest(rawValue: 0x001)
        /// The socket is writable.
        public static let write = Interest(rawValue: 0x004)
        /// The peer has shut down its sending side.
        public static let inputEnd = Interest(rawValue: 0x2000)
        /// The connection failed; reported whether requested or not.
        public static let failure = Interest(rawValue: 0x018)
    }

    /// The maximum number of events per wait.
    public static let eventsMax = 512

    /// The descriptor of the epoll instance, readable while a watched descriptor is ready.
    public let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    /// Creates an epoll instance.
    public init() throws(SystemError) {
        descriptor = apus_epoll_create()
        unsafe events = .allocate(capacity: EventPoll.eventsMax)
        guard descriptor >= 0 else { throw SystemError("epoll_create") }
    }

    deinit {
        close(descriptor)
        unsafe events.deallocate()
    }

    /// Watches `target`; its events carry `number`, by default the descriptor itself.
    public func add(
        _ target: Int32,
        as number: Int32? = nil,
        _ interest: Interest
    ) throws(SystemError) {
        try control(EPOLL_CTL_ADD, target, number, interest)
    }

    /// Changes the events that `target` is watched for, and the number they carry.
    public func change(
        _ target: Int32,
        as number: Int32? = nil,
        _ interest: Interest
    ) throws(SystemError) {
        try control(EPOLL_CTL_MOD, target, number, interest)
    }

    /// Stops watching `target`.
    public func remove(_ target: Int32) {
        // SAFETY: no event is read on removal.
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, target, nil)
    }

    private func control(
        _ operation: Int32,
        _ target: Int32,
        _ number: Int32?,
        _ interest: Interest
    ) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        unsafe event.data.fd = number ?? target
        // SAFETY: the event outlives the call.
        guard unsafe epoll_ctl(descriptor, operation, target, &event) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Waits up to `milliseconds` (-1: forever); returns how many descriptors are ready.
    public func wait(_ milliseconds: Int32) -> Int {
        // SAFETY: there is room for the requested number of events.
        Int(max(0, unsafe epoll_wait(descriptor, events, Int32(EventPoll.eventsMax), milliseconds)))
    }

    /// Waits up to `nanoseconds` (nil: forever); returns how many descriptors are ready.
    ///
    /// A signal ends the wait with none.
    public func wait(nanoseconds: Int64?) -> Int {
        guard let nanoseconds else { return wait(-1) }
        // SAFETY: there is room for the requested number of events.
        let count = unsafe apus_epoll_wait(
            descriptor,
            events,
            Int32(EventPoll.eventsMax),
            nanoseconds
        )
        return Int(max(0, count))
    }

    /// Calls `body` with some descriptors that are ready now; the events of the last wait stay.
    public func forEachReady(_ body: (_ descriptor: Int32, _ ready: Interest) -> Void) {
        let most = 64
        // SAFETY: there is room for the requested number of events, of which `count` are set.
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: most) { events in
            let count = unsafe epoll_wait(descriptor, events.baseAddress, Int32(most), 0)
            for index in 0..<max(0, Int(count)) {
                let event = unsafe events[index]
                unsafe body(event.data.fd, Interest(rawValue: event.events))
            }
        }
    }

    /// The event at `index` of the last wait: its descriptor (or number) and what it is ready for.
    @inline(__always)
    public func event(_ index: Int) -> (descriptor: Int32, ready: Interest) {
        // SAFETY: `index` is below the result of the last wait.
        let event = unsafe events[index]
        return unsafe (event.data.fd, Interest(rawValue: event.events))
    }
}

/// A descriptor that wakes a waiting worker.
public final class WakeUp: Sendable {
    /// The descriptor to watch for reading.
    public let descriptor: Int32

    /// Creates a descriptor.
    public init() throws(SystemError) {
        descriptor = apus_eventfd()
        guard descriptor >= 0 else { throw SystemError("eventfd") }
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable.
    public func signal() {
        var one: UInt64 = 1
        // SAFETY: eight bytes, as eventfd requires.
        unsafe _ = write(descriptor, &one, 8)
    }

    /// Makes it unreadable again.
    public func clear() {
        var count: UInt64 = 0
        // SAFETY: eight bytes, as eventfd requires.
        unsafe _ = read(descriptor, &count, 8)
    }
}
