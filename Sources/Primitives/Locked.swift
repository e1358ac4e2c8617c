internal import Glibc

/// A value that one thread at a time may use.
///
/// As `Synchronization.Mutex`, but with the system's lock: ThreadSanitizer does not see how the
/// standard library's hands over a contended value, and would report races that are none.
///
/// ## Invariants
/// `mutex` and `value` are made by `init` and given up by `deinit`; `value` is touched with the
/// mutex held.
@safe
public struct Locked<Value>: ~Copyable, @unchecked Sendable {  // because: the mutex guards it
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// Puts a value behind a lock of its own.
    public init(_ initial: consuming Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe value = .allocate(capacity: 1)
        unsafe value.initialize(to: initial)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
        unsafe value.deinitialize(count: 1)
        unsafe value.deallocate()
    }

    /// Lends the value to `body`, which must not call this again.
    public borrowing func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return unsafe body(&value.pointee)
    }
}
