internal import Commands
internal import Primitives
internal import Wire

/// A condition in a filter of CLIENT LIST and CLIENT KILL.
enum ClientCondition {
    /// The types of connections.
    enum Kind {
        case normal
        case subscriber
        case replica
        case primary

        fileprivate init?(_ word: Bytes) {
            if word.isWord("NORMAL") {
                self = .normal
            } else if word.isWord("PUBSUB") {
                self = .subscriber
            } else if word.isWord("SLAVE") || word.isWord("REPLICA") {
                self = .replica
            } else if word.isWord("MASTER") || word.isWord("PRIMARY") {
                self = .primary
            } else {
                return nil
            }
        }
    }

    case ids(Set<UInt64>)
    case kind(Kind)
    case user([UInt8])
    case address([UInt8])
    case localAddress([UInt8])
    /// The address without the port.
    case host([UInt8])
    case name([UInt8])
    case libraryName([UInt8])
    case libraryVersion([UInt8])
    case database(Int)
    /// All of these letters, as shown by CLIENT LIST.
    case flags([UInt8])
    /// All of these letters, as shown by CLIENT LIST.
    case capabilities([UInt8])
    case ageMin(Int64)
    case idleMin(Int64)

    /// All letters that CLIENT LIST can show as flags.
    private static let knownFlags = Array("AbcdeiMNOPrSuUxtTRBI".utf8)
    private static let knownCapabilities = Array("r".utf8)

    /// The condition with the given name; MAXAGE and IDLE cannot be negated.
    init(
        _ name: Bytes,
        _ value: Bytes,
        isWanted: Bool,
        _ access: AccessControl
    ) throws(CommandError) {
        if name.isWord("TYPE") {
            guard let kind = Kind(value) else { throw .client(.kind(value)) }
            self = .kind(kind)
        } else if name.isWord("USER") {
            guard access[value] != nil else { throw .client(.userMissing(value)) }
            self = .user(value.array)
        } else if name.isWord("ADDR") {
            self = .address(value.array)
        } else if name.isWord("LADDR") {
            self = .localAddress(value.array)
        } else if name.isWord("IP") {
            self = .host(value.array)
        } else if name.isWord("NAME") {
            self = .name(value.array)
        } else if name.isWord("LIB-NAME") {
            self = .libraryName(value.array)
        } else if name.isWord("LIB-VER") {
            self = .libraryVersion(value.array)
        } else {
            self = try ClientCondition.measured(name, value, isWanted: isWanted)
        }
    }

    private static func measured(
        _ name: Bytes,
        _ value: Bytes,
        isWanted: Bool
    ) throws(CommandError) -> ClientCondition {
        if name.isWord("DB") {
            guard let number = DecimalText.integer(value) else { throw .notInteger }
            return .database(Int(clamping: number))
        }
        if name.isWord("FLAGS") {
            guard value.array.allSatisfy(knownFlags.contains) else {
                throw .client(.flagsUnknown(value))
            }
            return .flags(value.array)
        }
        if name.isWord("CAPA") {
            guard value.array.allSatisfy(knownCapabilities.contains) else {
                throw .client(.capabilitiesUnknown(value))
            }
            return .capabilities(value.array)
        }
        guard isWanted, name.isWord("MAXAGE") || name.isWord("IDLE") else { throw .syntax }
        let isAge = name.isWord("MAXAGE")
        guard let seconds = DecimalText.integer(value) else {
            throw .client(isAge ? .ageMax : .idle)
        }
        guard seconds > 0 else { throw .client(isAge ? .ageNotPositive : .idleNotPositive) }
        return isAge ? .ageMin(seconds) : .idleMin(seconds)
    }

    /// Whether both are of the same kind, regardless of their values.
    func isSameKind(as other: ClientCondition) -> Bool {
        switch (self, other) {
        case (.ids, .ids), (.kind, .kind), (.user, .user), (.address, .address),
            (.localAddress, .localAddress), (.host, .host), (.name, .name),
            (.libraryName, .libraryName), (.libraryVersion, .libraryVersion),
            (.database, .database), (.flags, .flags), (.capabilities, .capabilities),
            (.ageMin, .ageMin), (.idleMin, .idleMin):
            true
        default: false
        }
    }

    /// Whether `connection` of `worker` meets the condition.
    func holds(for connection: Connection, on worker: Worker) -> Bool {
        let session = connection.session
        switch self {
        case .ids(let ids): return ids.contains(session.id)
        case .kind(let kind):
            return kind == (session.traits.contains(.subscribed) ? .subscriber : .normal)
        case .user(let name): return session.user?.name.array == name
        case .address(let address): return ClientCondition.address(connection, worker) == address
        case .localAddress(let address):
            return ClientCondition.address(connection, worker, peer: false) == address
        case .host(let host):
            let address = ClientCondition.address(connection, worker)
            let end = address.lastIndex(of: UInt8(ascii: ":")) ?? address.count
            return address[..<end].elementsEqual(host)
        case .name(let name): return session.details?.name ?? [] == name
        case .libraryName(let name): return session.details?.libraryName ?? [] == name
        case .libraryVersion(let version): return session.details?.libraryVersion ?? [] == version
        case .database(let number): return session.database == number
        case .flags(let letters):
            var flags = ByteBuffer()
            ClientLine.appendFlags(connection, to: &flags)
            return letters.allSatisfy(flags.bytes.array.contains)
        case .capabilities(let letters):
            return letters.isEmpty || session.traits.contains(.takesRedirects)
        case .ageMin(let seconds):
            return worker.executor.clock.seconds - connection.traffic.beganAt >= seconds
        case .idleMin(let seconds):
            return worker.executor.clock.seconds - connection.traffic.lastAt >= seconds
        }
    }

    private static func address(
        _ connection: Connection,
        _ worker: Worker,
        peer: Bool = true
    ) -> [UInt8] {
        let unixPath = worker.server.options.unixSocketPath
        return Array(connection.address(peer: peer, unixPath: unixPath).utf8)
    }
}
