internal import CSupport
internal import Glibc

/// A descriptor kept in reserve, so that a connection can be refused when there are no others.
public struct SpareDescriptor: ~Copyable {
    private var descriptor: Int32 = -1

    /// Reserves a descriptor, if there is one.
    public init() { take() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Releases the descriptor to accept a connection; nil if that fails too.
    ///
    /// The caller closes the connection and calls `take`.
    public mutating func accept(_ listening: Socket) -> Socket? {
        guard descriptor >= 0 else { return nil }
        giveUp()
        guard case .connection(let accepted) = listening.accept() else {
            take()
            return nil
        }
        return accepted
    }

    /// Reserves a descriptor again.
    public mutating func take() {
        // SAFETY: the path is a literal.
        if descriptor < 0 { descriptor = unsafe apus_open("/dev/null", O_RDONLY | O_CLOEXEC, 0) }
    }

    private mutating func giveUp() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
