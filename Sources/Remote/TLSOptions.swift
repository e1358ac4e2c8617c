public import TLS

/// The TLS options of the tools' command lines.
public struct TLSOptions: Equatable, Sendable {
    /// `--tls`, or a URI with `rediss://`.
    public var isOn = false
    /// `--sni`.
    public var serverName: String?
    /// The client certificate, the trusted CAs and the ciphers.
    public var settings = TLSSettings()

    /// Creates options without encryption.
    public init() {}

    /// Parses an option that takes no argument; returns false if it is not one of them.
    public mutating func take(_ option: String) -> Bool {
        switch option {
        case "--tls": isOn = true
        case "--insecure": settings.peerCheck = .never
        default: return false
        }
        return true
    }

    /// Whether `option` takes an argument.
    public static func takesWord(_ option: String) -> Bool {
        var trial = TLSOptions()
        return trial.take(option, "")
    }

    /// Parses an option with its argument; returns false if it is not one of them.
    @discardableResult
    public mutating func take(_ option: String, _ word: String) -> Bool {
        switch option {
        case "--sni": serverName = word
        case "--cacert": settings.trustedPath = word
        case "--cacertdir": settings.trustedDirectory = word
        case "--cert": settings.certificatePath = word
        case "--key", "--tls-key": settings.keyPath = word
        case "--tls-ciphers": settings.ciphers = word
        case "--tls-ciphersuites": settings.cipherSuites = word
        default: return false
        }
        return true
    }

    /// The words that give these options to another program.
    ///
    /// The private key's are `--tls-key`, as `--key` means something else for apus-hstore.
    public var words: [String] {
        guard isOn else { return [] }
        let pairs = [
            ("--sni", serverName ?? ""), ("--cacert", settings.trustedPath),
            ("--cacertdir", settings.trustedDirectory), ("--cert", settings.certificatePath),
            ("--tls-key", settings.keyPath), ("--tls-ciphers", settings.ciphers),
            ("--tls-ciphersuites", settings.cipherSuites),
        ]
        return ["--tls"] + (settings.peerCheck == .never ? ["--insecure"] : [])
            + pairs.flatMap { $1.isEmpty ? [] : [$0, $1] }
    }

    /// The context for new connections; nil without encryption.
    public func context() throws(RemoteFailure) -> TLSContext? {
        guard isOn else { return nil }
        guard settings.certificatePath.isEmpty == settings.keyPath.isEmpty else {
            throw .couldNotSecure("--cert and --key go together")
        }
        do throws(TLSFailure) { return try TLSContext(client: settings) } catch {
            throw .couldNotSecure(error.text)
        }
    }

    /// The lines of `--help` for these options, each indented by `margin`.
    public static func help(margin: String) -> String {
        let rows = [
            ("--tls", "Encrypt the connection, as for rediss://."),
            ("--sni <host>", "Server name to send, by which the server may choose a certificate."),
            ("--cacert <file>", "File with trusted CA certificates (default: the system's)."),
            ("--cacertdir <dir>", "Directory with trusted CA certificates ('openssl rehash')."),
            ("--insecure", "Do not verify the server's certificate."),
            ("--cert <file>", "Client certificate."),
            ("--key <file>", "Private key of the client certificate."),
            ("--tls-ciphers <list>", "Ciphers up to TLS 1.2, in OpenSSL's notation."),
            ("--tls-ciphersuites <list>", "Ciphers of TLS 1.3, in OpenSSL's notation."),
        ]
        return rows.map { option, text in
            let space = max(2, 19 - option.count)
            return margin + option + String(repeating: " ", count: space) + text
        }.joined(separator: "\n")
    }
}
