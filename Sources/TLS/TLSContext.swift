internal import CTLS

/// Why TLS does not work, for the log.
public struct TLSFailure: Error {
    /// The reason.
    public let text: String

    /// Creates a failure with a reason.
    public init(_ text: String) { self.text = text }

    /// Combines a description with OpenSSL's error.
    static func openSSL(_ what: String) -> TLSFailure {
        TLSFailure("\(what): \(OpenSSL.takeError())")
    }
}

extension String {
    /// The text in `buffer` up to the first zero.
    init(terminated buffer: [CChar]) {
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        self.init(decoding: bytes, as: UTF8.self)
    }
}

/// OpenSSL's queue of errors, one per thread.
enum OpenSSL {
    /// The first error in the queue, which is empty afterwards.
    static func takeError() -> String {
        let code = ERR_get_error()
        defer { ERR_clear_error() }
        guard code != 0 else { return "unknown error" }
        var text = [CChar](repeating: 0, count: 256)
        // SAFETY: OpenSSL writes at most the given number of bytes, the last one zero.
        unsafe ERR_error_string_n(code, &text, text.count)
        return String(terminated: text)
    }
}

/// A certificate and settings, shared by many connections.
///
/// ## Invariants
/// `context` comes from `SSL_CTX_new` and is released by `deinit`, once. It does not change after
/// `init`, except for what OpenSSL itself guards.
@safe
public final class TLSContext: @unchecked Sendable {  // because: immutable, see above
    let context: OpaquePointer

    /// The settings from which the context was created.
    public let settings: TLSSettings

    /// Creates the context of a server, which has a certificate.
    public convenience init(server settings: TLSSettings) throws(TLSFailure) {
        guard !settings.certificatePath.isEmpty else {
            throw TLSFailure("No tls-cert-file configured!")
        }
        guard !settings.keyPath.isEmpty else { throw TLSFailure("No tls-key-file configured!") }
        if settings.peerCheck != .never, settings.trustedPath.isEmpty,
            settings.trustedDirectory.isEmpty
        {
            throw TLSFailure(
                "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, "
                    + "tls-replication or tls-auth-clients are enabled!"
            )
        }
        try self.init(settings)
        // SAFETY: the context lives; OpenSSL has no callback to keep.
        unsafe SSL_CTX_set_verify(context, verification, nil)
        if let most = settings.sessionsMax {
            // SAFETY: as above.
            unsafe apus_tls_keep_sessions(context, most, settings.sessionSeconds)
        } else {
            unsafe apus_tls_keep_sessions(context, -1, 0)
        }
    }

    /// Creates the context of a client, which may have a certificate.
    public convenience init(client settings: TLSSettings) throws(TLSFailure) {
        try self.init(settings)
        if settings.trustedPath.isEmpty, settings.trustedDirectory.isEmpty {
            // SAFETY: the context lives.
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .openSSL("Failed to use the system's CA certificates")
            }
        }
        let mode = settings.peerCheck == .never ? SSL_VERIFY_NONE : SSL_VERIFY_PEER
        // SAFETY: as above.
        unsafe SSL_CTX_set_verify(context, mode, nil)
    }

    private init(_ settings: TLSSettings) throws(TLSFailure) {
        guard let context = unsafe apus_tls_context() else {
            throw .openSSL("Failed to create a context")
        }
        unsafe self.context = context
        self.settings = settings
        try chooseProtocols()
        try loadIdentity()
        try loadTrust()
        try chooseCiphers()
        readCertificates()
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// This end's certificate; nil if it has none.
    public private(set) var certificate: TLSCertificate?
    /// The number of CA certificates in the file at `trustedPath`.
    public private(set) var authorityCount = 0
    /// The one of them that expires first.
    public private(set) var firstAuthorityToExpire: TLSCertificate?

    private var verification: Int32 {
        switch settings.peerCheck {
        case .never: SSL_VERIFY_NONE
        case .always: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        case .optional: SSL_VERIFY_PEER
        }
    }

    /// Reads the certificates for reports, before anyone else uses the context.
    private func readCertificates() {
        // SAFETY: the context lives, and with it its certificates.
        unsafe certificate = SSL_CTX_get0_certificate(context).map { unsafe TLSCertificate($0) }
        var count: Int32 = 0
        let first = unsafe apus_tls_first_authority_to_expire(context, &count)
        unsafe firstAuthorityToExpire = first.map { unsafe TLSCertificate($0) }
        authorityCount = Int(count)
    }

    // MARK: Reading the settings

    /// The versions by their names in `tls-protocols`, and the option that disables each.
    private static let versions: [(name: String, off: UInt64)] = [
        ("tlsv1", apus_tls_no_1_0), ("tlsv1.1", apus_tls_no_1_1),
        ("tlsv1.2", apus_tls_no_1_2), ("tlsv1.3", apus_tls_no_1_3),
    ]

    private func chooseProtocols() throws(TLSFailure) {
        let words = settings.protocols.map { $0.lowercased() }
        let wanted = words.isEmpty ? ["tlsv1.2", "tlsv1.3"] : words
        let known = Self.versions.map(\.name)
        guard wanted.allSatisfy(known.contains) else {
            throw TLSFailure(
                "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', "
                    + "'TLSv1.2' and 'TLSv1.3'."
            )
        }
        for version in Self.versions where !wanted.contains(version.name) {
            // SAFETY: the context lives.
            unsafe SSL_CTX_set_options(context, version.off)
        }
    }

    private func loadIdentity() throws(TLSFailure) {
        // SAFETY: the strings are terminated and live during the calls; the password is needed
        // only by the calls inside.
        try withPassword { () throws(TLSFailure) in
            let certificate = settings.certificatePath
            if !certificate.isEmpty,
                unsafe SSL_CTX_use_certificate_chain_file(context, certificate) != 1
            {
                throw .openSSL("Failed to load certificate: \(certificate)")
            }
            let key = settings.keyPath
            if !key.isEmpty, unsafe SSL_CTX_use_PrivateKey_file(context, key, 1) != 1 {
                throw .openSSL("Failed to load private key: \(key)")
            }
        }
        let parameters = settings.keyExchangePath
        if !parameters.isEmpty, unsafe apus_tls_load_dh(context, parameters) != 1 {
            throw .openSSL("Failed to load DH params file: \(parameters)")
        }
    }

    private func withPassword(_ body: () throws(TLSFailure) -> Void) throws(TLSFailure) {
        let password = settings.keyPassword.utf8CString
        // SAFETY: the array lives until the password is removed again.
        let result = unsafe password.withUnsafeBufferPointer { bytes -> Result<Void, TLSFailure> in
            unsafe apus_tls_set_password(context, bytes.baseAddress)
            defer { unsafe apus_tls_set_password(context, nil) }
            do throws(TLSFailure) { return .success(try body()) } catch { return .failure(error) }
        }
        try result.get()
    }

    private func loadTrust() throws(TLSFailure) {
        let file = settings.trustedPath
        let directory = settings.trustedDirectory
        // SAFETY: the strings are terminated and live during the calls.
        if !file.isEmpty {
            guard unsafe SSL_CTX_load_verify_file(context, file) == 1 else {
                throw .openSSL("Failed to configure CA certificate(s) file: \(file)")
            }
            // Tells clients which CAs are accepted.
            if let names = unsafe SSL_load_client_CA_file(file) {
                unsafe SSL_CTX_set_client_CA_list(context, names)
            }
        }
        if !directory.isEmpty, unsafe SSL_CTX_load_verify_dir(context, directory) != 1 {
            throw .openSSL("Failed to configure CA certificate(s) directory: \(directory)")
        }
    }

    private func chooseCiphers() throws(TLSFailure) {
        // SAFETY: the strings are terminated and live during the calls.
        if !settings.ciphers.isEmpty,
            unsafe SSL_CTX_set_cipher_list(context, settings.ciphers) != 1
        {
            throw .openSSL("Failed to configure ciphers: \(settings.ciphers)")
        }
        if !settings.cipherSuites.isEmpty,
            unsafe SSL_CTX_set_ciphersuites(context, settings.cipherSuites) != 1
        {
            throw .openSSL("Failed to configure ciphersuites: \(settings.cipherSuites)")
        }
        if settings.prefersOwnCiphers {
            unsafe SSL_CTX_set_options(context, apus_tls_prefer_own)
        }
    }
}
