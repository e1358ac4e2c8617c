/// What a transfer of bytes came to.
public enum Transfer: Sendable, Equatable {
    /// So many bytes went.
    case bytes(Int)
    /// Nothing goes just now.
    case wouldBlock
    /// The other side closed (error 0), or the connection failed with this error number.
    case closed(error: Int32)
}
