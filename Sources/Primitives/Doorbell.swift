internal import Glibc

/// Wakes one thread that waits for work; rings accumulate.
///
/// ## Invariants
/// `semaphore` is created by `init` and lives as long as the process.
@safe
public struct Doorbell: @unchecked Sendable {  // because: a semaphore is made for threads
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// Creates a bell that has not rung.
    public init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    /// Rings: wakes the waiting thread, or lets the next wait return at once.
    public func ring() { unsafe _ = sem_post(semaphore) }

    /// Waits for a ring.
    public func wait() { while unsafe sem_wait(semaphore) != 0 {} }
}
