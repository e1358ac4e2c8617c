internal import Glibc

/// A thread that runs a closure once.
@safe
public final class Thread: @unchecked Sendable {  // because: the handle is written once, in `init`
    private var handle = pthread_t()

    private final class Body {
        let name: StaticString
        let run: @Sendable () -> Void
        init(_ name: StaticString, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread that runs `body` and appears in crash reports as `name`.
    public init(_ name: StaticString = "helper", _ body: @escaping @Sendable () -> Void) {
        // SAFETY: the box is retained here and released by the thread.
        let box = unsafe Unmanaged.passRetained(Body(name, body)).toOpaque()
        unsafe pthread_create(
            &handle,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                CrashReport.enter(body.name)
                body.run()
                return nil
            },
            box
        )
    }

    /// Lets other threads run first.
    public static func yield() { _ = sched_yield() }

    /// Gives the calling thread a smaller share of a busy processor than the process' other threads
    /// have.
    public static func giveWay() {
        // On Linux, 0 is the calling thread, not its process.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
    }

    /// Has the calling thread sleep.
    public static func sleep(milliseconds: UInt32) { _ = usleep(milliseconds * 1000) }

    /// Waits until the thread has ended.
    public func join() { _ = pthread_join(handle, nil) }
}
