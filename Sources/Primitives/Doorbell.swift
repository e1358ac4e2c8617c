internal import Glibc

/// Wakes one thread that waits for work; rings add up.
///
/// ## Invariants
/// `semaphore` is made by `init` and lives as long as the process.
@safe
public struct Doorbell: @unchecked Sendable {  // because: a semaphore is made for threads
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// A bell that has not rung.
    public init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    /// Rings: the thread that waits, or the next that does, goes on.
    public func ring() { unsafe _ = sem_post(semaphore) }

    /// Waits for a ring.
    public func wait() { while unsafe sem_wait(semaphore) != 0 {} }
}
