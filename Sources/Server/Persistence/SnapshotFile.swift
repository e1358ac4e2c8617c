internal import Persistence
internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// An RDB file that is written piece by piece, with its checksum.
struct SnapshotFile {
    /// The configuration of files.
    struct Settings {
        /// The path of the file, relative to the working directory.
        let path: String
        /// The form in which it has the keys.
        let form: KeyForm
        let checks: Bool
        /// Whether it is the base of the append-only file.
        var isBase = false
        /// Whether requests are preceded by the time.
        var notesTime = false
        /// The code of all libraries of functions, which precede the keys.
        let libraries: [[UInt8]]
        /// The definitions of all indexes over hashes.
        let indexes: [String]
        /// How long to pause after each key.
        let delay: SaveDelay
    }

    /// The number of files started so far, for unique temporary names.
    private static let count = Atomic<Int>(0)

    private let file: NewFile
    private let form: KeyForm
    private var sum: CRC64?

    /// Opens a temporary file for keys of this shape, and writes what precedes them.
    init(_ settings: Settings, _ shape: SnapshotShape) throws(SystemError) {
        let number = SnapshotFile.count.add(1, ordering: .relaxed).newValue
        file = try NewFile(
            settings.path,
            temporaryName: "temp-\(OwnProcess.number).\(number).rdb"
        )
        form = settings.form
        guard form != .requests else {
            try writeLibraries(settings)
            return
        }
        sum = settings.checks ? CRC64() : nil
        var writer = RDBWriter(compresses: false)
        writer.header(version: shape.version)
        writer.fact("redis-ver", "\(Version.redis)")
        writer.fact("redis-bits", "64")
        writer.fact("ctime", String(Clock.unixMilliseconds() / 1000))
        writer.fact("used-mem", String(shape.usedBytes))
        writer.fact("aof-base", settings.isBase ? "1" : "0")
        for definition in settings.indexes { writer.fact("apus-hash-index", definition) }
        for code in settings.libraries { code.withBytes { writer.function($0) } }
        for (number, size) in shape.databases.sorted(by: { $0.key < $1.key }) {
            writer.database(number)
            writer.sizes(keys: size.keys, volatile: size.volatile)
        }
        try write(writer.buffer.bytes)
    }

    /// Writes what precedes the keys if they are written as requests.
    private func writeLibraries(_ settings: Settings) throws(SystemError) {
        var writer = RequestWriter()
        if settings.notesTime {
            writer.buffer.append("#TS:")
            writer.buffer.append(decimal: Clock.unixMilliseconds() / 1000)
            writer.buffer.append("\r\n")
        }
        for code in settings.libraries { code.withBytes { writer.function($0) } }
        for text in settings.indexes {
            guard let index = HashIndexDefinition.parse(text) else { continue }
            writer.database(index.database)
            writer.begin("HINDEX")
            writer.word("CREATE")
            for word in index.definition.words { word.withBytes { writer.word($0) } }
            writer.end()
        }
        try file.write(writer.buffer.bytes)
    }

    /// Appends serialized keys.
    mutating func write(_ bytes: Bytes) throws(SystemError) {
        sum?.append(bytes)
        try file.write(bytes)
    }

    /// Appends the end marker and the checksum if the form has them, and replaces the old file.
    mutating func finish() throws(SystemError) {
        guard form != .requests else { return try file.finish() }
        var writer = RDBWriter(compresses: false)
        writer.end()
        try write(writer.buffer.bytes)
        writer = RDBWriter(compresses: false)
        writer.checksum(sum)
        try file.write(writer.buffer.bytes)
        try file.finish()
    }

    // MARK: At once

    /// How many bytes are gathered before they are written.
    static let chunkBytes = 256 << 10

    /// Writes all keys of `keyspace`, which must not change meanwhile.
    static func write(_ keyspace: Keyspace, _ settings: Settings) throws(SystemError) {
        var shape = SnapshotShape()
        keyspace.forEachShard { shard, database in shape.add(shard, database) }
        var file = try SnapshotFile(settings, shape)
        var writer = KeyWriter(settings.form)
        for database in shape.databases.keys.sorted() {
            writer.database(database)
            var failure: SystemError?
            keyspace.forEachShard(of: database) { shard in
                shard.forEach { slot in
                    guard failure == nil else { return }
                    writer.key(slot)
                    settings.delay.pause(keys: 1) { false }
                    guard writer.count >= chunkBytes else { return }
                    let chunk = writer.take()
                    do throws(SystemError) { try file.write(chunk.bytes) } catch { failure = error }
                }
            }
            if let failure { throw failure }
        }
        let rest = writer.take()
        try file.write(rest.bytes)
        try file.finish()
    }
}

/// What must be known about all keys before the first one is written.
struct SnapshotShape {
    /// How many keys each database with keys has, and how many of them expire.
    private(set) var databases: [Int: (keys: Int, volatile: Int)] = [:]
    /// The memory of the keys.
    private(set) var usedBytes = 0
    private var hasVolatileFields = false

    /// The oldest version of the format that can represent the keys.
    var version: Int { hasVolatileFields ? RDBVersion.fieldExpiry : RDBVersion.usual }

    /// The number of keys.
    var keyCount: Int { databases.values.reduce(0) { $0 + $1.keys } }

    mutating func add(_ shard: Shard, _ database: Int) {
        usedBytes += shard.usedBytes
        guard shard.count > 0 else { return }
        databases[database, default: (0, 0)].keys += shard.count
        databases[database, default: (0, 0)].volatile += shard.volatileCount
        if shard.volatileHashCount > 0 { hasVolatileFields = true }
    }
}
