internal import CSupport
internal import Glibc
internal import Remote

/// The kernel's list of sockets that are ready; each is known by a token.
///
/// ## Invariants
/// - `events` has room for `capacity`; the first `count` of the last wait are valid.
@safe
struct EventPoll: ~Copyable {
    /// What a socket is watched for, or is ready for.
    struct Interest: OptionSet {
        let rawValue: UInt32
        static let read = Interest(rawValue: EPOLLIN.rawValue)
        static let write = Interest(rawValue: EPOLLOUT.rawValue)
        /// Reported without being asked for.
        static let failure = Interest(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    }

    private static let capacity = 512
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    init() throws(LoadFailure) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else {
            throw .system(call: "epoll_create", reason: Output.reason(errno))
        }
        unsafe events = .allocate(capacity: Self.capacity)
    }

    deinit {
        close(descriptor)
        unsafe events.deallocate()
    }

    func add(_ socket: Socket, token: Int, _ interest: Interest) throws(LoadFailure) {
        try control(EPOLL_CTL_ADD, socket, token, interest)
    }

    func change(_ socket: Socket, token: Int, _ interest: Interest) throws(LoadFailure) {
        try control(EPOLL_CTL_MOD, socket, token, interest)
    }

    private func control(
        _ operation: Int32,
        _ socket: Socket,
        _ token: Int,
        _ interest: Interest
    ) throws(LoadFailure) {
        // SAFETY: of the union, tokens are the only member in use; `event` outlives the call.
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        unsafe event.data.u64 = UInt64(token)
        guard unsafe epoll_ctl(descriptor, operation, socket.descriptor, &event) == 0 else {
            throw .system(call: "epoll_ctl", reason: Output.reason(errno))
        }
    }

    /// Waits until a socket is ready or the time is over (nil: however long it takes).
    ///
    /// - Returns: how many are ready; none after a signal too.
    func wait(nanoseconds: Int64?) -> Int {
        let count: Int32
        // SAFETY: `events` has room for `capacity`; the time outlives the call.
        if let nanoseconds {
            var time = timespec(
                tv_sec: Int(nanoseconds / 1_000_000_000),
                tv_nsec: Int(nanoseconds % 1_000_000_000)
            )
            count = unsafe epoll_pwait2(descriptor, events, Int32(Self.capacity), &time, nil)
        } else {
            count = unsafe epoll_wait(descriptor, events, Int32(Self.capacity), -1)
        }
        return max(0, Int(count))
    }

    /// The event at `index`, which is under the last wait's count.
    func event(_ index: Int) -> (token: Int, ready: Interest) {
        precondition(index < Self.capacity, "an event of the last wait")
        // SAFETY: the index was just checked; tokens are the union's only member in use.
        let event = unsafe events[index]
        return unsafe (Int(event.data.u64), Interest(rawValue: event.events))
    }
}
