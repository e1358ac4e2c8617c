internal import Glibc
internal import Synchronization

/// ^C as a request that the program handles when convenient, instead of ending it.
enum Interrupt {
    private static let wish = Atomic<Bool>(false)
    private static let endsAtSecond = Atomic<Bool>(false)

    /// Whether ^C was pressed and not yet handled.
    static var isRequested: Bool { wish.load(ordering: .relaxed) }

    /// Handles the request; returns whether there was one.
    static func answer() -> Bool { wish.exchange(false, ordering: .relaxed) }

    /// From now on, ^C is a request, and interrupts a blocking system call.
    ///
    /// - Parameter endsAtSecond: Whether a second ^C before the first is handled ends the program.
    static func catchAll(endsAtSecond: Bool = false) {
        // The first use initialises the flags, which must not happen in a signal handler.
        wish.store(false, ordering: .relaxed)
        self.endsAtSecond.store(endsAtSecond, ordering: .relaxed)
        // SAFETY: a zero sigaction has no flags (no SA_RESTART) and an empty mask.
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in
            let isSecond = Interrupt.wish.exchange(true, ordering: .relaxed)
            if isSecond, Interrupt.endsAtSecond.load(ordering: .relaxed) { _exit(130) }
        }
        unsafe sigaction(SIGINT, &action, nil)
    }
}
