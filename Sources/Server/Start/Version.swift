/// The versions that clients are told.
enum Version {
    /// Ours.
    static let apus: StaticString = "0.1.0"
    /// The version of Redis whose commands and replies clients may rely on.
    static let redis: StaticString = "7.4.0"

    /// What `--version` prints.
    static var line: String {
        "Apus server v=\(apus) redis=\(redis) sha=00000000:0 malloc=apus-arena bits=64"
    }
}
