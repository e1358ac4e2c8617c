public import Primitives
internal import Structures

/// Reads the frame of a file, from which values are then read where they stand.
public struct RDBFile: ~Copyable {
    /// A key whose value comes next.
    public struct Record {
        /// Its database.
        public let database: Int
        /// When it goes (milliseconds since 1970); nil where it stays.
        public let expiry: Int64?
        /// The seconds since its last use, where they were written.
        public let idleSeconds: Int64?
        /// The counter of its uses, where it was written.
        public let frequency: UInt8?
        /// The number of its value's type.
        public let type: UInt8
        /// Its name, lent until the next record is read.
        public let key: Bytes
    }

    /// What stands in a file besides keys.
    public enum Event {
        /// A fact about the writer, by name.
        case fact(name: String, value: String)
        /// The source of a library of functions.
        case function([UInt8])
        /// A key, whose value the caller reads with `reader`.
        case key(Record)
    }

    /// Reads the values.
    public var reader: RDBReader
    /// The version that the header names.
    public let version: Int
    private var database = 0
    private var key = ByteBuffer()

    private static let headerBytes = 9

    /// Reads the header of a file with these bytes, which stay where they are meanwhile.
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

    /// What comes next; nil at the end, where the checksum was compared.
    ///
    /// Precondition: the value of the key before was read.
    public mutating func next() throws(RDBFailure) -> Event? {
        var expiry: Int64?
        var idleSeconds: Int64?
        var frequency: UInt8?
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
            case RDBOpcode.sizes: for _ in 0..<2 { _ = try reader.number() }
            case RDBOpcode.slotInfo: for _ in 0..<3 { _ = try reader.number() }
            case RDBOpcode.seconds:
                expiry = Int64(try reader.take(4).signedLittleEndian(0, 4)) * 1000
            case RDBOpcode.milliseconds: expiry = try reader.fixed()
            case RDBOpcode.idle: idleSeconds = Int64(clamping: try reader.number())
            case RDBOpcode.frequency: frequency = try reader.byte()
            case RDBOpcode.fact:
                let name = try reader.string().string
                return .fact(name: name, value: try reader.string().string)
            case RDBOpcode.function: return .function(try reader.string().array)
            case RDBOpcode.moduleFact: try skipModuleFact()
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
                        type: opcode,
                        key: key.bytes
                    )
                )
            }
        }
    }

    /// Compares the checksum with that of all bytes before it, where one was written.
    private mutating func checkSum() throws(RDBFailure) {
        guard version >= 5 else { return }
        let end = reader.position
        let wanted = try reader.fixed(8)
        guard wanted == 0 || wanted == CRC64.of(reader.bytes[0..<end]) else {
            throw RDBFailure(offset: end, reason: .badChecksum)
        }
    }

    /// Passes over what a module wrote beside the keys.
    private mutating func skipModuleFact() throws(RDBFailure) {
        _ = try reader.number()
        for _ in 0..<2 { _ = try reader.number() }
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
