internal import Glibc

/// A value that only one thread at a time may use.
///
/// As `Synchronization.Mutex`, but with a pthread mutex: ThreadSanitizer does not understand how
/// the standard library hands over a contended value, and would report false races.
///
/// ## Invariants
/// `mutex` and `value` are created by `init` and destroyed by `deinit`; `value` is accessed only
/// with the mutex held.
@safe
public struct Locked<Value>: ~Copyable, @unchecked Sendable {  // because: the mutex guards it
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// Creates a lock that guards a value.
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

    /// Calls `body` with the value; `body` must not call this again.
    public borrowing func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return unsafe body(&value.pointee)
    }
}
