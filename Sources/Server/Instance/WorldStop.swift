internal import Glibc
internal import Synchronization

/// Stops all workers except one between two batches, so that it may access the others' state.
///
/// ```text
/// caller:  begin ── flag up ── wake the others ── wait until all are parked ── … ── end: flag down
/// others:  ………… isAsked? park: parked + 1, wait for the flag to go down, parked - 1 …………
/// ```
/// A caller that finds another caller active is itself parked meanwhile.
///
/// ## Invariants
/// `mutex` and `changed` are created by `init` and destroyed by `deinit`. `parked` is accessed with
/// the mutex held.
@safe
final class WorldStop: @unchecked Sendable {  // because: guarded by the mutex
    private let asked = Atomic<Bool>(false)
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var parked = 0

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe pthread_cond_destroy(changed)
        unsafe mutex.deallocate()
        unsafe changed.deallocate()
    }

    /// Stops the `others`, calling `wake` to wake them.
    func begin(others: Int, wake: () -> Void) {
        unsafe pthread_mutex_lock(mutex)
        while asked.load(ordering: .relaxed) { waitParked() }
        asked.store(true, ordering: .relaxed)
        wake()
        while parked < others { unsafe pthread_cond_wait(changed, mutex) }
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Resumes the others.
    func end() {
        unsafe pthread_mutex_lock(mutex)
        asked.store(false, ordering: .relaxed)
        unsafe pthread_cond_broadcast(changed)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Whether the world is being stopped.
    @inline(__always)
    var isAsked: Bool { asked.load(ordering: .relaxed) }

    /// Parks the caller while the world is stopped.
    func park() {
        unsafe pthread_mutex_lock(mutex)
        while asked.load(ordering: .relaxed) { waitParked() }
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Counts the caller, which is about to exit, as parked forever, so that nobody waits for it.
    func leave() {
        unsafe pthread_mutex_lock(mutex)
        parked += 1
        unsafe pthread_cond_broadcast(changed)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Waits once for a change, counted as parked; the mutex is held.
    private func waitParked() {
        parked += 1
        unsafe pthread_cond_broadcast(changed)
        unsafe pthread_cond_wait(changed, mutex)
        parked -= 1
    }
}
