internal import Glibc

/// The signals that end the server; they come to one thread that waits for them, so that no code
/// runs in a signal handler.
public enum Signals {
    /// A request to end.
    public enum Ending: Sendable {
        case terminate
        case interrupt

        /// The name by which people know it.
        public var name: String {
            switch self {
            case .terminate: "SIGTERM"
            case .interrupt: "SIGINT"
            }
        }
    }

    /// Keeps the endings for `next`, and lets hangups and broken pipes pass.
    ///
    /// Must be called before the first thread starts, as threads inherit it.
    public static func prepare() {
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        var endings = endings
        // SAFETY: the call only reads the set.
        unsafe _ = pthread_sigmask(SIG_BLOCK, &endings, nil)
    }

    /// Waits for the next request to end.
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
        // SAFETY: the calls fill the set that they are given.
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        return set
    }
}
