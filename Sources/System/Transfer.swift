/// The outcome of a transfer.
public enum Transfer: Sendable, Equatable {
    /// This many bytes were transferred.
    case bytes(Int)
    /// The transfer would have to wait.
    case wouldBlock
    /// The peer closed the connection (error 0), or it failed with this error number.
    case closed(error: Int32)
}
