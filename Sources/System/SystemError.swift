public import Glibc

/// A system call that failed: what was tried, and errno.
public struct SystemError: Error, Sendable {
    /// What was tried, for the log.
    public let call: String
    /// The error number.
    public let number: Int32

    /// The failure of `call` with the current errno.
    public init(_ call: String, number: Int32 = errno) {
        self.call = call
        self.number = number
    }

    /// The system's sentence for the number.
    public var reason: String {
        // SAFETY: strerror gives a C string; it is copied at once.
        unsafe String(cString: strerror(number))
    }
}
