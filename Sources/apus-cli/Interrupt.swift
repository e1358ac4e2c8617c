internal import Glibc
internal import Synchronization

/// ^C as a wish that the program answers where it fits, instead of its end.
enum Interrupt {
    private static let wish = Atomic<Bool>(false)
    private static let endsAtSecond = Atomic<Bool>(false)

    /// True from a ^C on until it is answered.
    static var isRequested: Bool { wish.load(ordering: .relaxed) }

    /// Takes the wish; returns whether there was one.
    static func answer() -> Bool { wish.exchange(false, ordering: .relaxed) }

    /// From now on ^C is a wish and ends a waiting system call.
    ///
    /// - Parameter endsAtSecond: A second one before the first is answered ends the program.
    static func catchAll(endsAtSecond: Bool = false) {
        // The first use makes the flags, which a signal handler must not do.
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
