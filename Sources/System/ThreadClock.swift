internal import Glibc
internal import Synchronization

/// The CPU time of a thread, which any other thread may read.
public struct ThreadClock: ~Copyable, Sendable {
    /// The kernel's number of the clock; 0 before the thread began.
    private let number = Atomic<Int32>(0)

    /// Creates a clock of no thread yet.
    public init() {}

    /// Makes it the clock of the calling thread.
    public func begin() {
        var clock: clockid_t = 0
        // SAFETY: `clock` outlives the call.
        guard unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0 else { return }
        number.store(clock, ordering: .relaxed)
    }

    /// The CPU time of the thread so far.
    public var nanoseconds: UInt64 {
        let clock = number.load(ordering: .relaxed)
        var time = timespec()
        // SAFETY: `time` outlives the call; the kernel refuses the clock of a thread that ended.
        guard clock != 0, unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
