internal import TLS

/// The configuration of TLS as the server uses it.
struct SecureOptions: Sendable {
    /// `tls-port`; 0 if it does not listen for TLS.
    let port: Int
    /// The certificate and the rules.
    let settings: TLSSettings
    /// `tls-auth-clients-user`: whether the common name of a certificate names its user.
    let namesUserByCertificate: Bool

    /// The directives that `settings` is read from.
    static let directives = [
        "tls-auth-clients", "tls-ca-cert-dir", "tls-ca-cert-file", "tls-cert-file", "tls-ciphers",
        "tls-ciphersuites", "tls-dh-params-file", "tls-key-file", "tls-key-file-pass",
        "tls-prefer-server-ciphers", "tls-protocols", "tls-session-cache-size",
        "tls-session-cache-timeout", "tls-session-caching",
    ]

    init(_ read: ConfigurationReader) {
        var settings = TLSSettings()
        settings.certificatePath = read.text("tls-cert-file")
        settings.keyPath = read.text("tls-key-file")
        settings.keyPassword = read.text("tls-key-file-pass")
        settings.trustedPath = read.text("tls-ca-cert-file")
        settings.trustedDirectory = read.text("tls-ca-cert-dir")
        settings.keyExchangePath = read.text("tls-dh-params-file")
        settings.protocols = read.text("tls-protocols").split(separator: " ").map(String.init)
        settings.ciphers = read.text("tls-ciphers")
        settings.cipherSuites = read.text("tls-ciphersuites")
        settings.prefersOwnCiphers = read.flag("tls-prefer-server-ciphers")
        settings.peerCheck =
            TLSSettings.PeerCheck(rawValue: read.text("tls-auth-clients")) ?? .always
        settings.sessionsMax =
            read.flag("tls-session-caching") ? read.integer("tls-session-cache-size") : nil
        settings.sessionSeconds = read.integer("tls-session-cache-timeout")
        self.settings = settings
        port = read.integer("tls-port")
        namesUserByCertificate = read.text("tls-auth-clients-user") == "cn"
    }
}
