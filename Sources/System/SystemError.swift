public import Glibc

/// A failed system call: the operation and errno.
public struct SystemError: Error, Sendable {
    /// The operation that failed, for the log.
    public let call: String
    /// The error number.
    public let number: Int32

    /// The system's description of the error.
    public let reason: String

    /// The failure of `call` with the current errno.
    public init(_ call: String, number: Int32 = errno) {
        self.call = call
        self.number = number
        reason = SystemError.reason(number)
    }

    /// The system's description of an error number.
    public static func reason(_ number: Int32) -> String {
        // SAFETY: strerror gives a C string; it is copied at once.
        unsafe String(cString: strerror(number))
    }

    /// The failure to resolve a name; `status` is the result of getaddrinfo.
    public init(resolving name: String, status: Int32) {
        call = ""
        number = EADDRNOTAVAIL
        // SAFETY: gai_strerror gives a static C string.
        reason = unsafe String(cString: gai_strerror(status))
    }

    /// Operation and description in one line.
    public var text: String { call.isEmpty ? reason : "\(call): \(reason)" }
}
