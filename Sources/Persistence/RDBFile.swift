public import Primitives
public import Structures

/// Reads the structure of a file; the caller reads the values in between.
public struct RDBFile: ~Copyable {
    /// A key, which is followed by its value.
    public struct Record {
        /// Its database.
        public let database: Int
        /// The time in milliseconds since 1970 at which it expires; nil if it does not.
        public let expiry: Int64?
        /// The seconds since its last access, if the file has them.
        public let idleSeconds: Int64?
        /// Its access counter, if the file has it.
        public let frequency: UInt8?
        /// What memcached's protocols keep in addition to the value; nil if nothing.
        public let item: ItemHead?
        /// The type number of its value.
        public let type: UInt8
        /// Its name, valid until the next record is read.
        public let key: Bytes
    }

    /// The elements of a file.
    public enum Event {
        /// A fact about the writer.
        case fact(name: String, value: String)
        /// The database of the keys that follow; only if `tellsDatabases`.
        case database(Int)
        /// About how many keys a database has.
        case sizes(database: Int, keys: Int)
        /// The source code of a function library.
        case function([UInt8])
        /// A key; the caller must read its value with `reader`.
        case key(Record)
    }

    /// Reads the values.
    public var reader: RDBReader
    /// The version in the header.
    public let version: Int
    /// Whether a change of the database is an event.
    public var tellsDatabases = false
    /// Whether the checksum at the end is compared.
    public var checksSum = true
    private var database = 0
    private var key = ByteBuffer()

    private static let headerBytes = 9
    /// The fact that precedes a key with an `ItemHead`: memcached's flags, version and marks.
    static let itemFact: StaticString = "apus-item"

    /// Reads the header of a file; the bytes must stay valid during the reader's lifetime.
    public init(_ bytes: Bytes, stringBytesMax: Int) throws(RDBFailure) {
        let header = try RDBFile.header(bytes)
        version = header.version
        reader = RDBReader(bytes, from: RDBFile.headerBytes, stringBytesMax: stringBytesMax)
        reader.isValkey = header.isValkey
    }

    private static func header(
        _ bytes: Bytes
    ) throws(RDBFailure) -> (version: Int, isValkey: Bool) {
        guard bytes.count >= headerBytes else {
            throw RDBFailure(offset: bytes.count, reason: .endsEarly)
        }
        let head = bytes[0..<headerBytes].string
        let isValkey = head.hasPrefix("VALKEY")
        guard isValkey || head.hasPrefix("REDIS"),
            let version = Int(head.dropFirst(isValkey ? 6 : 5)), version > 0
        else { throw RDBFailure(offset: 0, reason: .badSignature) }
        guard isValkey ? version == RDBVersion.valkey : version <= RDBVersion.newest else {
            throw RDBFailure(offset: 0, reason: .unknownVersion(version))
        }
        return (version, isValkey)
    }

    /// Reads the next element; nil at the end, after checking the checksum.
    ///
    /// Precondition: the value of the previous key was read.
    public mutating func next() throws(RDBFailure) -> Event? {
        var expiry: Int64?
        var idleSeconds: Int64?
        var frequency: UInt8?
        var item: ItemHead?
        while true {
            let opcode = try reader.byte()
            switch opcode {
            case RDBOpcode.end:
                try checkSum()
                return nil
            case RDBOpcode.database:
                let number = try reader.number()
                guard number <= UInt64(Int32.max) else { throw reader.failure(.badDatabase) }
                database = Int(number)
                if tellsDatabases { return .database(database) }
            case RDBOpcode.sizes:
                let keys = try reader.number()
                _ = try reader.number()
                return .sizes(database: database, keys: Int(clamping: keys))
            case RDBOpcode.slotInfo: for _ in 0..<3 { _ = try reader.number() }
            case RDBOpcode.seconds:
                expiry = Int64(try reader.take(4).signedLittleEndian(0, 4)) * 1000
            case RDBOpcode.milliseconds: expiry = try reader.fixed()
            case RDBOpcode.idle: idleSeconds = Int64(clamping: try reader.number())
            case RDBOpcode.frequency: frequency = try reader.byte()
            case RDBOpcode.fact:
                let name = try reader.string().string
                let value = try reader.string().string
                guard name == RDBFile.itemFact.description else {
                    return .fact(name: name, value: value)
                }
                item = RDBFile.itemHead(value)
            case RDBOpcode.function: return .function(try reader.string().array)
            case RDBOpcode.moduleFact: try skipModuleFact()
            case RDBOpcode.keyMeta: try skipKeyMeta()
            case RDBOpcode.functionPreview: throw reader.failure(.unknownType(opcode))
            default:
                key.truncate(to: 0)
                key.append(try reader.string())
                return .key(
                    Record(
                        database: database,
                        expiry: expiry,
                        idleSeconds: idleSeconds,
                        frequency: frequency,
                        item: item,
                        type: opcode,
                        key: key.bytes
                    )
                )
            }
        }
    }

    private static func itemHead(_ text: String) -> ItemHead? {
        let words = text.split(separator: " ")
        guard words.count == 3, let flags = UInt32(words[0]), let cas = UInt64(words[1]),
            let state = UInt8(words[2])
        else { return nil }
        return ItemHead(flags: flags, cas: cas, state: ItemHead.State(rawValue: state))
    }

    /// Compares the checksum with that of all bytes before it, if the file has one.
    private mutating func checkSum() throws(RDBFailure) {
        guard version >= 5 else { return }
        let end = reader.position
        let stored = try reader.fixed(8)
        guard stored != 0, checksSum else { return }
        let computed = CRC64.of(reader.bytes[0..<end])
        guard stored == computed else {
            throw RDBFailure(
                offset: end,
                reason: .badChecksum(stored: stored, computed: computed)
            )
        }
    }

    /// Skips what a module has stored in addition to keys.
    private mutating func skipModuleFact() throws(RDBFailure) {
        _ = try reader.number()
        for _ in 0..<2 { _ = try reader.number() }
        try skipModuleParts()
    }

    /// Skips what modules have attached to the key that follows.
    private mutating func skipKeyMeta() throws(RDBFailure) {
        guard !reader.isValkey else { throw reader.failure(.unknownType(RDBOpcode.keyMeta)) }
        for _ in 0..<(try reader.count()) {
            _ = try reader.take(4)
            try skipModuleParts()
        }
    }

    private mutating func skipModuleParts() throws(RDBFailure) {
        while true {
            switch try reader.number() {
            case 0: return
            case 1, 2: _ = try reader.number()
            case 3: _ = try reader.take(4)
            case 4: _ = try reader.take(8)
            case 5: try reader.skipString()
            default: throw reader.failure(.module)
            }
        }
    }
}
