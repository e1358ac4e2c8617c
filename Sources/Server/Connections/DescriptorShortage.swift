internal import System

/// What the worker that accepts connections keeps for when the process has no descriptors left.
struct DescriptorShortage: ~Copyable {
    /// Lets a connection be refused for which there is no descriptor.
    var spare = SpareDescriptor()
    /// Listening sockets that nothing is accepted from until the next tick.
    var paused: [Int32] = []
    /// The second of the monotonic clock in which the log was last told.
    private var toldAt: Int64 = 0

    /// Tells the log of the shortage, once a second.
    mutating func note(_ error: SystemError, _ log: Log, second: Int64) {
        guard second != toldAt else { return }
        toldAt = second
        log(.warning, "Error accepting a client connection: \(error.reason)")
    }
}
