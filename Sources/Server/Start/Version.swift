/// The versions reported to clients.
enum Version {
    /// The version of Apus.
    static let apus: StaticString = "0.1.0"
    /// The version of Redis whose commands and replies clients can rely on.
    static let redis: StaticString = "7.4.0"

    /// The version of memcached whose protocols clients can rely on.
    static let memcached: StaticString = "1.6.45"

    /// The output of `--version`.
    static var line: String {
        "Apus server v=\(apus) redis=\(redis) sha=00000000:0 malloc=apus-arena bits=64"
    }
}
