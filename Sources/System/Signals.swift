internal import Glibc

/// The signals that end the server.
///
/// One thread waits for them, so that no code runs in a signal handler.
public enum Signals {
    /// A signal that requests a shutdown.
    public enum Ending: Sendable {
        case terminate
        case interrupt

        /// The name of the signal.
        public var name: String {
            switch self {
            case .terminate: "SIGTERM"
            case .interrupt: "SIGINT"
            }
        }
    }

    /// Blocks these signals for `next`, and ignores SIGHUP and SIGPIPE.
    ///
    /// Call this before the first thread starts, as threads inherit the mask.
    public static func prepare() {
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        var endings = endings
        // SAFETY: the call only reads the set.
        unsafe _ = pthread_sigmask(SIG_BLOCK, &endings, nil)
    }

    /// Waits for the next signal that requests a shutdown.
    public static func next() -> Ending {
        var endings = endings
        var number: Int32 = 0
        while true {
            // SAFETY: both live for the call.
            guard unsafe sigwait(&endings, &number) == 0 else { continue }
            return number == SIGINT ? .interrupt : .terminate
        }
    }

    private static var endings: sigset_t {
        var set = sigset_t()
        // SAFETY: the calls fill the given set.
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        return set
    }
}
