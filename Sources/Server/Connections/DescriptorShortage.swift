internal import System

/// What the accepting worker does when the process runs out of descriptors.
struct DescriptorShortage: ~Copyable {
    /// Makes it possible to reject a connection.
    var spare = SpareDescriptor()
    /// Listening sockets that are not polled until the next tick.
    var paused: [Int32] = []
    /// The time of the last log line, in seconds of the monotonic clock.
    private var toldAt: Int64 = 0

    /// Logs the shortage, at most once a second.
    mutating func note(_ error: SystemError, _ log: Log, second: Int64) {
        guard second != toldAt else { return }
        toldAt = second
        log(.warning, "Error accepting a client connection: \(error.reason)")
    }
}
