internal import CSupport
internal import Glibc

/// A descriptor kept for the moment when there are no others, so that a connection which waits can
/// be told so.
public struct SpareDescriptor: ~Copyable {
    private var descriptor: Int32 = -1

    /// One that is held, if there is any.
    public init() { take() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Accepts a connection in place of the spare one; nil where that fails too. The caller closes
    /// it and calls `take`.
    public mutating func accept(_ listening: Int32) -> Int32? {
        guard descriptor >= 0 else { return nil }
        giveUp()
        guard case .connection(let accepted) = Socket.accept(listening) else {
            take()
            return nil
        }
        return accepted
    }

    /// Holds a descriptor again.
    public mutating func take() {
        // SAFETY: the path is a literal.
        if descriptor < 0 { descriptor = unsafe apus_open("/dev/null", O_RDONLY | O_CLOEXEC, 0) }
    }

    private mutating func giveUp() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
