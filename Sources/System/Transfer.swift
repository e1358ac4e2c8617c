/// The outcome of a transfer.
public enum Transfer: Sendable, Equatable {
    /// This many bytes were transferred.
    case bytes(Int)
    /// The transfer would have to wait.
    case wouldBlock
    /// The other side closed (error 0), or the connection failed with this error number.
    case closed(error: Int32)
}
