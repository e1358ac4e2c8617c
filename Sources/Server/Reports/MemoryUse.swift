internal import Store
internal import Structures
internal import System

/// What memory is used for, as INFO and MEMORY STATS tell it.
struct MemoryUse {
    /// A database that holds keys.
    struct Database {
        let number: Int
        var keys = 0
        /// The bytes of the tables of keys, and of their hints about expiries.
        var tables = 0
        var hints = 0
    }

    /// The bytes of all keys and values, their tables included.
    let data: Int
    /// The bytes of the pages that hold them.
    let pages: Int
    /// The bytes kept for connections, and how many those are.
    let clients: Int
    let clientCount: Int
    /// The bytes of the process that are resident.
    let resident: Int
    /// The most bytes that were ever seen in use.
    let peak: Int
    /// The databases that hold keys.
    let databases: [Database]

    /// All bytes that the server knows of.
    var used: Int { data + clients }

    /// The keys.
    var keys: Int { databases.reduce(0) { $0 + $1.keys } }

    /// What is neither a key nor a value.
    var overhead: Int { databases.reduce(clients) { $0 + $1.tables + $1.hints } }

    /// Keys and values.
    var dataset: Int { used - overhead }

    /// `part` as a multiple of `whole`, 0 of nothing.
    static func ratio(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }
}

extension MemoryUse {
    /// Looks at all of the server; the world is stopped.
    init(_ server: Instance) {
        let data = server.usedDataBytes
        let connected = server.workers.flatMap { $0.connections.places.compactMap { $0 } }
        let clients = connected.reduce(0) { $0 + ClientLine.memory($1) }
        server.notePeak(data + clients)
        let databases = server.keyspace.usedDatabases.map { number in
            var database = Database(number: number)
            server.keyspace.forEachShard(of: number) { shard in
                let (tables, hints) = shard.tableByteCount
                database.keys += shard.count
                database.tables += tables
                database.hints += hints
            }
            return database
        }.filter { $0.keys > 0 }
        self.init(
            data: data,
            pages: server.pageBytes,
            clients: clients,
            clientCount: connected.count,
            resident: ProcessMemory.residentBytes,
            peak: server.peakBytes,
            databases: databases
        )
    }
}
