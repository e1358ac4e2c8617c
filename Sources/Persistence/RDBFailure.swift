/// Why bytes are not a valid RDB file or value.
public struct RDBFailure: Error, Equatable, Sendable {
    /// The kinds of errors.
    public enum Reason: Equatable, Sendable {
        case endsEarly
        case noLength
        case tooLong
        case badCompression
        case badPack
        case badNull
        case badNumber
        case badStream
        case emptyCollection
        case duplicate
        case unknownType(UInt8)
        case module
        case badSignature
        case unknownVersion(Int)
        case badChecksum(stored: UInt64, computed: UInt64)
        case badDatabase
        case noMemory
    }

    /// The offset of the byte where the error was noticed.
    public let offset: Int
    /// What is wrong there.
    public let reason: Reason

    /// The error as text.
    public var text: String {
        switch reason {
        case .endsEarly: "the data ends in the middle of a value"
        case .noLength: "a length was expected"
        case .tooLong: "a length is out of bounds"
        case .badCompression: "compressed data does not expand to its length"
        case .badPack: "a packed collection is damaged"
        case .badNull: "a null field is not an empty field of the hash"
        case .badNumber: "a number is damaged"
        case .badStream: "a stream is damaged"
        case .emptyCollection: "a collection is empty"
        case .duplicate: "a key or member occurs twice"
        case .unknownType(let type): "type \(type) is unknown"
        case .module: "a module's value cannot be read"
        case .badSignature: "this is not an RDB file"
        case .unknownVersion(let version): "version \(version) cannot be read"
        case .badChecksum: "the checksum is wrong"
        case .badDatabase: "the number of a database is out of range"
        case .noMemory: "there is not enough memory for a value"
        }
    }
}
