internal import TLS

extension InfoSection {
    /// The certificates in use, with Valkey's field names.
    static let certificates = InfoSection(
        "TLS",
        [
            .serial("tls_server_cert_serial") { $0.certificate },
            .validity("tls_server_cert_expires_in_seconds") { $0.certificate },
            // There are no TLS connections to other servers yet.
            InfoField("tls_client_cert_serial", always: .text("none")),
            .none("tls_client_cert_expires_in_seconds"),
            .serial("tls_ca_cert_serial") { $0.firstAuthorityToExpire },
            .validity("tls_ca_cert_expires_in_seconds") { $0.firstAuthorityToExpire },
            .number("tls_ca_cert_count") { $0.secureContext?.authorityCount ?? 0 },
        ]
    )
}

extension InfoField {
    fileprivate static func serial(
        _ name: String,
        _ which: @escaping @Sendable (TLSContext) -> TLSCertificate?
    ) -> InfoField {
        InfoField(name) { .text($0.secureContext.flatMap(which)?.serial ?? "none") }
    }

    fileprivate static func validity(
        _ name: String,
        _ which: @escaping @Sendable (TLSContext) -> TLSCertificate?
    ) -> InfoField {
        .number(name) { $0.secureContext.flatMap(which)?.secondsLeft ?? 0 }
    }
}
