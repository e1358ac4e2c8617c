internal import Commands
internal import Primitives
internal import Wire

/// Which connections CLIENT LIST and CLIENT KILL mean.
struct ClientFilter {
    /// Whether to leave out the caller's own connection.
    private(set) var skipsOwn = false
    private var ids: Set<UInt64>?
    private var user: [UInt8]?
    private var address: String?
    private var localAddress: String?
    private var ageSecondsMin: Int64?
    private var kind: Kind?

    /// What connections are, as CLIENT LIST and CLIENT KILL tell them apart.
    private enum Kind {
        case normal
        case subscriber
        /// Replicas and primaries, of which there are none.
        case other
    }

    /// All those from one address: the old form of CLIENT KILL.
    init(address: Bytes) { self.address = address.string }

    /// What stands after `CLIENT LIST`.
    init(listing arguments: Arguments) throws(CommandError) {
        guard arguments.count > 2 else { return }
        if arguments.count == 4, arguments[2].isWord("TYPE") {
            try readType(arguments[3])
        } else if arguments.count > 3, arguments[2].isWord("ID") {
            var ids: Set<UInt64> = []
            for index in 3..<arguments.count {
                guard let id = DecimalText.integer(arguments[index]) else {
                    throw .client(.id)
                }
                ids.insert(UInt64(bitPattern: id))
            }
            self.ids = ids
        } else {
            throw .syntax
        }
    }

    /// What stands after `CLIENT KILL` in pairs.
    init(killing arguments: Arguments, _ access: AccessControl) throws(CommandError) {
        skipsOwn = true
        for index in stride(from: 2, to: arguments.count, by: 2) {
            guard index + 1 < arguments.count else { throw .syntax }
            try read(arguments[index], arguments[index + 1], access)
        }
    }

    private mutating func read(
        _ option: Bytes,
        _ value: Bytes,
        _ access: AccessControl
    ) throws(CommandError) {
        if option.isWord("ID") {
            guard let id = DecimalText.integer(value), id > 0 else {
                throw .client(.idNotPositive)
            }
            ids = [UInt64(id)]
        } else if option.isWord("TYPE") {
            try readType(value)
        } else if option.isWord("ADDR") {
            address = value.string
        } else if option.isWord("LADDR") {
            localAddress = value.string
        } else if option.isWord("USER") {
            guard access[value] != nil else { throw .client(.userMissing(value)) }
            user = value.array
        } else if option.isWord("SKIPME") {
            guard value.isWord("YES") || value.isWord("NO") else { throw .syntax }
            skipsOwn = value.isWord("YES")
        } else if option.isWord("MAXAGE") {
            guard let age = DecimalText.integer(value) else {
                throw .client(.ageMax)
            }
            guard age > 0 else { throw .client(.ageNotPositive) }
            ageSecondsMin = age
        } else {
            throw .syntax
        }
    }

    private mutating func readType(_ word: Bytes) throws(CommandError) {
        if word.isWord("NORMAL") {
            kind = .normal
        } else if word.isWord("PUBSUB") {
            kind = .subscriber
        } else if word.isWord("MASTER") || word.isWord("SLAVE") || word.isWord("REPLICA")
            || word.isWord("PRIMARY")
        {
            kind = .other
        } else {
            throw .client(.kind(word))
        }
    }

    /// Whether it selects `connection` of `worker`.
    func accepts(_ connection: Connection, on worker: Worker) -> Bool {
        let isSubscriber = connection.session.traits.contains(.subscribed)
        if let kind, kind != (isSubscriber ? .subscriber : .normal) { return false }
        let unixPath = worker.server.options.unixSocketPath
        if let ids, !ids.contains(connection.session.id) { return false }
        if let user, connection.session.user?.name.array != user { return false }
        if let age = ageSecondsMin, worker.executor.clock.seconds - connection.traffic.beganAt < age
        {
            return false
        }
        if let address, connection.address(peer: true, unixPath: unixPath) != address {
            return false
        }
        let own = localAddress
        if let own, connection.address(peer: false, unixPath: unixPath) != own { return false }
        return true
    }
}
