public import Primitives

/// How a request of memcached's binary protocol went.
public enum BinaryStatus: UInt16, CaseIterable, Sendable {
    case success = 0x00
    case notFound = 0x01
    case exists = 0x02
    case tooLarge = 0x03
    case invalid = 0x04
    case notStored = 0x05
    case notNumeric = 0x06
    case authenticationFailed = 0x20
    case authenticationGoesOn = 0x21
    case unknownCommand = 0x81
    case outOfMemory = 0x82
    /// Other reasons of the server, such as that it is loading its data.
    case temporaryFailure = 0x86

    /// What a reply says beside the number, in memcached's words.
    public var text: StaticString {
        switch self {
        case .success, .authenticationGoesOn: ""
        case .notFound: "Not found"
        case .exists: "Data exists for key."
        case .tooLarge: "Too large."
        case .invalid: "Invalid arguments"
        case .notStored: "Not stored."
        case .notNumeric: "Non-numeric server-side value for incr or decr"
        case .authenticationFailed: "Auth failure."
        case .unknownCommand: "Unknown command"
        case .outOfMemory: "Out of memory"
        case .temporaryFailure: "Temporary failure"
        }
    }

    /// The status with this text.
    ///
    /// Precondition: one has it.
    public init(text: Bytes) {
        guard let status = BinaryStatus.allCases.first(where: { Bytes($0.text) == text }) else {
            preconditionFailure("the parser has written the text")
        }
        self = status
    }
}
