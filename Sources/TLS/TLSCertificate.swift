internal import CTLS
internal import Primitives

/// What reports tell of a certificate.
public struct TLSCertificate: Equatable, Sendable {
    /// The serial number in hexadecimal digits.
    public let serial: String
    /// When it expires, in seconds since 1970.
    public let expiresAt: Int64

    /// For how many more seconds it is valid; negative if it has expired.
    public var secondsLeft: Int { Int(expiresAt - Clock.unixMilliseconds() / 1000) }

    /// Reads a certificate.
    init(_ certificate: OpaquePointer) {
        var digits = [CChar](repeating: 0, count: 64)
        // SAFETY: the caller's certificate lives; at most the given number of bytes is written.
        unsafe apus_tls_serial(certificate, &digits, digits.count)
        serial = String(terminated: digits)
        let left = unsafe apus_tls_seconds_left(certificate)
        expiresAt = Clock.unixMilliseconds() / 1000 + Int64(left)
    }
}
