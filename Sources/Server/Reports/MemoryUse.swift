internal import System

/// What memory is used for, as INFO and MEMORY STATS tell it.
struct MemoryUse {
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
    let databases: [KeyspaceTotals.Database]

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
    /// What a server uses, as a report sees it.
    init(_ source: InfoSource) {
        let (server, keyspace) = (source.server, source.keyspace)
        let clients = server.clientBytes
        server.notePeak(keyspace.usedBytes + clients)
        self.init(
            data: keyspace.usedBytes,
            pages: keyspace.pageBytes,
            clients: clients,
            clientCount: server.connectionCount,
            resident: ProcessMemory.residentBytes,
            peak: server.peakBytes,
            databases: keyspace.databases
        )
    }
}
