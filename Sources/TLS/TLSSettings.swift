/// The settings of a context.
///
/// The names in the comments are those of the configuration.
public struct TLSSettings: Equatable, Sendable {
    /// Whether the peer must present a certificate.
    public enum PeerCheck: String, Sendable {
        case never = "no"
        case always = "yes"
        /// It is verified only if the peer has one.
        case optional
    }

    /// `tls-cert-file`: the certificate and the chain to its CA, in PEM format.
    public var certificatePath = ""
    /// `tls-key-file`.
    public var keyPath = ""
    /// `tls-key-file-pass`.
    public var keyPassword = ""
    /// `tls-ca-cert-file`: the trusted CA certificates.
    public var trustedPath = ""
    /// `tls-ca-cert-dir`: a directory of CA certificates, with names created by `openssl rehash`.
    public var trustedDirectory = ""
    /// `tls-dh-params-file`; empty for suitable parameters.
    public var keyExchangePath = ""
    /// `tls-protocols`: words such as `TLSv1.3`; empty for 1.2 and 1.3.
    public var protocols: [String] = []
    /// `tls-ciphers`, up to TLS 1.2; empty for OpenSSL's default.
    public var ciphers = ""
    /// `tls-ciphersuites`, for TLS 1.3; empty for OpenSSL's default.
    public var cipherSuites = ""
    /// `tls-prefer-server-ciphers`.
    public var prefersOwnCiphers = false
    /// `tls-auth-clients`.
    public var peerCheck = PeerCheck.always
    /// `tls-session-caching`, `tls-session-cache-size`: the maximum number of sessions; nil if off.
    public var sessionsMax: Int? = 20_480
    /// `tls-session-cache-timeout`.
    public var sessionSeconds = 300

    /// Creates the defaults, without a certificate.
    public init() {}

    /// All files from which a context is created.
    public var paths: [String] {
        [certificatePath, keyPath, trustedPath, keyExchangePath].filter { !$0.isEmpty }
    }
}
