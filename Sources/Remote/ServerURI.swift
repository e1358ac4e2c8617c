internal import Primitives

/// A server's address, with user, password and database, in a single word.
///
/// ```text
/// redis://[[user]:password@][host][:port][/database]      also valkey://, rediss://
/// ```
/// `%41` in a user name or password stands for that byte. Without a user name, it
/// refers to the default user.
public struct ServerURI: Equatable, Sendable {
    /// Why a word is not such an address.
    public enum Fault: Error, Equatable, Sendable {
        case scheme
        case escape
        case incompleteEscape
        case port
        case database
    }

    /// Whether the connection must be encrypted, as for `rediss://`.
    public private(set) var isEncrypted = false
    /// The user, if given and not empty.
    public private(set) var user: [UInt8]?
    /// The password, if given.
    public private(set) var password: [UInt8]?
    /// The host, if given; without the brackets of IPv6.
    public private(set) var host: String?
    /// The port, if given.
    public private(set) var port: Int?
    /// The database, if given.
    public private(set) var database: Int?

    /// Parses `text`.
    public init(_ text: String) throws(Fault) {
        var rest = try takeScheme(text)
        if let at = rest.firstIndex(of: "@") {
            try takeUser(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            if !path.isEmpty {
                guard let number = Int(path), number >= 0 else { throw .database }
                database = number
            }
            rest = rest[..<slash]
        }
        try takeAddress(rest)
    }

    private mutating func takeScheme(_ text: String) throws(Fault) -> Substring {
        let schemes = [
            ("redis://", false), ("valkey://", false), ("rediss://", true), ("valkeys://", true),
        ]
        for (scheme, isSecret) in schemes where text.lowercased().hasPrefix(scheme) {
            isEncrypted = isSecret
            return text.dropFirst(scheme.count)
        }
        throw .scheme
    }

    private mutating func takeUser(_ text: Substring) throws(Fault) {
        var secret = text
        if let colon = text.firstIndex(of: ":") {
            let name = try decoded(text[..<colon])
            user = name.isEmpty ? nil : name
            secret = text[text.index(after: colon)...]
        }
        password = try decoded(secret)
    }

    private mutating func takeAddress(_ address: Substring) throws(Fault) {
        var name = address
        if let colon = address.lastIndex(of: ":"), !address.hasSuffix("]") {
            guard let number = UInt16(address[address.index(after: colon)...]) else { throw .port }
            port = Int(number)
            name = address[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if !name.isEmpty { host = String(name) }
    }

    private func decoded(_ text: Substring) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2 else { throw .incompleteEscape }
            let digits = rest.prefix(2).compactMap(HexDigit.value)
            guard digits.count == 2 else { throw .escape }
            bytes.append(digits[0] << 4 | digits[1])
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
