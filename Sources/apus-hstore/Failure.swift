internal import Remote
internal import System

/// Why the transfer ended.
enum Failure: Error {
    case postgres(PostgresFailure)
    case remote(RemoteFailure)
    /// Apus refused a request that it needs in any case.
    case refused(request: String, text: String)
    /// A row that cannot be transferred, named by its key.
    case row(key: [UInt8], text: String)
    case other(String)

    /// The reason in words.
    var text: String {
        switch self {
        case .postgres(let failure): "PostgreSQL: \(failure.text)"
        case .remote(let failure): failure.message
        case .refused(let request, let text): "\(request) failed: \(text)"
        case .row(let key, let text): "row \(shown(key)): \(text)"
        case .other(let text): text
        }
    }
}
