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

    /// Reads the options from `configuration`.
    init(_ configuration: Configuration) {
        func text(_ name: String) -> String { configuration.value(name).text }
        func integer(_ name: String) -> Int { Int(text(name)) ?? 0 }
        func flag(_ name: String) -> Bool { configuration.value(name) == .flag(true) }

        var settings = TLSSettings()
        settings.certificatePath = text("tls-cert-file")
        settings.keyPath = text("tls-key-file")
        settings.keyPassword = text("tls-key-file-pass")
        settings.trustedPath = text("tls-ca-cert-file")
        settings.trustedDirectory = text("tls-ca-cert-dir")
        settings.keyExchangePath = text("tls-dh-params-file")
        settings.protocols = text("tls-protocols").split(separator: " ").map(String.init)
        settings.ciphers = text("tls-ciphers")
        settings.cipherSuites = text("tls-ciphersuites")
        settings.prefersOwnCiphers = flag("tls-prefer-server-ciphers")
        settings.peerCheck = TLSSettings.PeerCheck(rawValue: text("tls-auth-clients")) ?? .always
        settings.sessionsMax =
            flag("tls-session-caching") ? integer("tls-session-cache-size") : nil
        settings.sessionSeconds = integer("tls-session-cache-timeout")
        self.settings = settings
        port = integer("tls-port")
        namesUserByCertificate = text("tls-auth-clients-user") == "cn"
    }
}
