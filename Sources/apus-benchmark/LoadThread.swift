internal import Glibc
internal import Primitives
internal import Remote
internal import System

/// A thread that drives one load loop.
///
/// @unchecked because: `loop` and `thread` belong to the thread from `start` until `join`, and to
/// the caller before and after.
final class LoadThread: @unchecked Sendable {
    let progress: Progress
    private var loop: LoadLoop
    private let ending = Locked<LoadFailure?>(nil)
    private var thread = pthread_t()
    private let bell: Int32

    /// Connects; `bell` is a pipe that receives one byte when the thread is done.
    init(_ plan: LoadLoop.Plan, bell: Int32) throws(LoadFailure) {
        let progress = Progress()
        self.progress = progress
        self.bell = bell
        loop = LoadLoop(plan, poll: try EventPoll.open(), progress: progress)
        try loop.connect()
    }

    /// Why the loop ended early; nil while it runs or after success.
    var failure: LoadFailure? { ending.withLock { $0 } }

    /// Starts the thread, which keeps itself alive until it is done.
    func start() throws(LoadFailure) {
        // SAFETY: the body takes back the reference that is given here.
        let this = unsafe Unmanaged.passRetained(self).toOpaque()
        let status = unsafe pthread_create(&thread, nil, { unsafe LoadThread.body($0) }, this)
        guard status == 0 else {
            unsafe Unmanaged<LoadThread>.fromOpaque(this).release()
            throw .system(call: "pthread_create", reason: SystemError.reason(status))
        }
    }

    /// Waits for the end; returns the measurement.
    func join() throws(LoadFailure) -> Measurement {
        pthread_join(thread, nil)
        if let failure { throw failure }
        return loop.measurement
    }

    private static func body(_ this: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let this = unsafe this else { return nil }
        // SAFETY: `start` gave this reference away.
        let thread = unsafe Unmanaged<LoadThread>.fromOpaque(this).takeRetainedValue()
        thread.run()
        return nil
    }

    private func run() {
        var byte: UInt8 = 0
        do {
            try loop.run()
        } catch {
            ending.withLock { $0 = error }
            byte = 1
        }
        // SAFETY: one byte is read from `byte`.
        _ = unsafe write(bell, &byte, 1)
    }
}
