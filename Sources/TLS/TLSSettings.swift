/// What a context is made of.
///
/// The names in the comments are those of the configuration.
public struct TLSSettings: Equatable, Sendable {
    /// Whether the other end must show a certificate.
    public enum PeerCheck: String, Sendable {
        case never = "no"
        case always = "yes"
        /// Only if it has one.
        case optional
    }

    /// `tls-cert-file`: the certificate and those that lead to its issuer, in PEM.
    public var certificatePath = ""
    /// `tls-key-file`.
    public var keyPath = ""
    /// `tls-key-file-pass`.
    public var keyPassword = ""
    /// `tls-ca-cert-file`: the issuers that are trusted.
    public var trustedPath = ""
    /// `tls-ca-cert-dir`: a directory of them, with names that `openssl rehash` makes.
    public var trustedDirectory = ""
    /// `tls-dh-params-file`; empty for parameters that suit the key.
    public var keyExchangePath = ""
    /// `tls-protocols`: words such as `TLSv1.3`; none for 1.2 and 1.3.
    public var protocols: [String] = []
    /// `tls-ciphers`, up to TLS 1.2; empty for OpenSSL's choice.
    public var ciphers = ""
    /// `tls-ciphersuites`, for TLS 1.3; empty for OpenSSL's choice.
    public var cipherSuites = ""
    /// `tls-prefer-server-ciphers`.
    public var prefersOwnCiphers = false
    /// `tls-auth-clients`.
    public var peerCheck = PeerCheck.always
    /// `tls-session-caching`, `tls-session-cache-size`: the most sessions kept; nil: none.
    public var sessionsMax: Int? = 20_480
    /// `tls-session-cache-timeout`.
    public var sessionSeconds = 300

    /// Creates the defaults, with which there is no certificate.
    public init() {}

    /// All files that a context is read from.
    public var paths: [String] {
        [certificatePath, keyPath, trustedPath, keyExchangePath].filter { !$0.isEmpty }
    }
}
