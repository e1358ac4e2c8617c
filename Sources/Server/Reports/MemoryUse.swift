internal import Store
internal import System

/// What memory is used for, for INFO and MEMORY STATS.
struct MemoryUse {
    /// The bytes of all keys and values, including their tables.
    let data: Int
    /// The bytes of the pages that hold them.
    let pages: Int
    /// The bytes of indexes over hashes.
    let indexes: Int
    /// The bytes used for connections, and their number.
    let clients: Int
    let clientCount: Int
    /// The resident memory of the process in bytes.
    let resident: Int
    /// The maximum number of bytes in use so far.
    let peak: Int
    /// The databases with keys.
    let databases: [KeyspaceTotals.Database]

    /// All bytes that the server accounts for.
    var used: Int { data + indexes + clients }

    /// The number of keys.
    var keys: Int { databases.reduce(0) { $0 + $1.keys } }

    /// The bytes that are neither keys nor values.
    var overhead: Int {
        databases.reduce(clients + indexes) { $0 + $1.tables + $1.hints }
    }

    /// The bytes of keys and values.
    var dataset: Int { used - overhead }

    /// `part` divided by `whole`; 0 if `whole` is zero.
    static func ratio(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }
}

extension MemoryUse {
    /// The memory use of a server at the time of a report.
    init(_ source: InfoSource) {
        let (server, keyspace) = (source.server, source.keyspace)
        let clients = server.clientBytes
        // With a limit, use the total that eviction uses: partitions summed up one after the other
        // can seem to hold more than they ever did while keys move between them.
        let isBounded = source.options.memoryBytesMax > 0
        let data = isBounded ? server.keyspace.usedBytes : keyspace.usedBytes
        let indexes = server.indexes.byteCount
        server.notePeak(data + indexes + clients)
        self.init(
            data: data,
            pages: keyspace.pageBytes,
            indexes: indexes,
            clients: clients,
            clientCount: server.connectionCount,
            resident: ProcessMemory.residentBytes,
            peak: server.peakBytes,
            databases: keyspace.databases
        )
    }
}
