internal import Primitives
internal import Store
internal import System

/// A helper thread that makes the system commit memory before keys need it.
///
/// The first touch of a huge page takes milliseconds, for which no client should have to wait.
struct Toucher {
    let keyspace: Keyspace

    /// Starts the thread, which lives as long as the process.
    func start() {
        _ = Thread("toucher") { [keyspace] in
            while true {
                keyspace.bell.wait()
                keyspace.prepareAhead()
            }
        }
    }
}
