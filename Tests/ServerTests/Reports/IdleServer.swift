import Commands
import Primitives
import Store
import System

@testable import Server

/// A server whose workers do not run, so that tests can do their work.
func idleServer(threads: Int = 1, databases: Int = 16) throws -> Instance {
    var configuration = Configuration()
    configuration.settle("threads", at: .integer(Int64(threads)))
    configuration.settle("databases", at: .integer(Int64(databases)))
    configuration.settle("event-loop", at: .choice("epoll"))
    return try Instance(configuration, log: Log())
}

extension Instance {
    /// Sets a key to a single letter, optionally with an expiry.
    func set(_ name: String, until expiry: Int64? = nil, database: Int = 0) {
        Array(name.utf8).withBytes { bytes in
            let key = Key(bytes, keyspace.hasher(bytes))
            _ = StringValue.set(
                key,
                StringContent(encoding: Bytes("x")),
                expiry: expiry,
                at: nil,
                in: keyspace.openShard(key.hash, inAny: database)
            )
        }
    }

    /// The first worker's executor, with its clock set to `now`.
    func executor(now: Int64) -> Executor {
        workers[0].executor.context.now = now
        return workers[0].executor
    }

    /// The state of the server as a report by the first worker sees it.
    var source: InfoSource { InfoSource(self, on: workers[0]) }
}
