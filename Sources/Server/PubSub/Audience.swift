internal import Primitives

/// The clients of one worker that are subscribed to a channel or pattern.
final class Audience {
    /// A subscriber.
    struct Listener {
        let connection: Connection
        /// The number of the first post that it receives.
        let since: UInt64
    }

    let kind: ChannelKind
    let name: [UInt8]
    let hash: UInt64
    fileprivate(set) var listeners: [Listener] = []

    init(_ kind: ChannelKind, _ name: [UInt8], _ hash: UInt64) {
        self.kind = kind
        self.name = name
        self.hash = hash
    }
}

/// All audiences of a worker.
struct Audiences {
    private static let tableCount = 64

    /// Several tables per kind, selected by the hash's low bits, so that none takes long to grow.
    private var tables = [NameTable<Audience>](
        repeating: NameTable(),
        count: ChannelKind.allCases.count * tableCount
    )

    private func table(_ kind: ChannelKind, _ hash: UInt64) -> Int {
        kind.rawValue * Audiences.tableCount
            + Int(truncatingIfNeeded: hash) & (Audiences.tableCount - 1)
    }

    func find(_ kind: ChannelKind, _ name: Bytes, _ hash: UInt64) -> Audience? {
        let table = table(kind, hash)
        guard let place = tables[table].find(name, hash) else { return nil }
        return tables[table][place]
    }

    /// The audience of `name`; a new, empty one if there is none.
    mutating func open(_ kind: ChannelKind, _ name: Bytes, _ hash: UInt64) -> Audience {
        if let audience = find(kind, name, hash) { return audience }
        let audience = Audience(kind, name.array, hash)
        tables[table(kind, hash)].insert(audience.name, hash, audience)
        return audience
    }

    /// Removes an audience that has no subscribers left.
    mutating func remove(_ audience: Audience) {
        assert(audience.listeners.isEmpty, "somebody listens")
        let table = table(audience.kind, audience.hash)
        let place = audience.name.withBytes { tables[table].find($0, audience.hash) }
        guard let place else { preconditionFailure("no such audience") }
        tables[table].remove(at: place)
    }
}

/// The subscriptions of a client.
final class Subscriptions {
    /// A position in an audience.
    struct Membership {
        let audience: Audience
        fileprivate(set) var place: Int
    }

    private var tables = [NameTable<Membership>](
        repeating: NameTable(),
        count: ChannelKind.allCases.count
    )
    /// The approximate memory of the subscriptions in bytes.
    private(set) var byteCount = 0

    /// The overhead of a subscription: its entries here and in the audience.
    private static let bytesEach = 160

    func count(_ kind: ChannelKind) -> Int { tables[kind.rawValue].count }

    /// The number of all subscriptions.
    var count: Int { tables.reduce(0) { $0 + $1.count } }

    /// The number that SUBSCRIBE and PSUBSCRIBE report.
    var plainCount: Int { count(.channel) + count(.pattern) }

    func contains(_ kind: ChannelKind, _ name: Bytes, _ hash: UInt64) -> Bool {
        tables[kind.rawValue].find(name, hash) != nil
    }

    /// The names of one kind.
    func names(_ kind: ChannelKind) -> [[UInt8]] {
        var names: [[UInt8]] = []
        names.reserveCapacity(count(kind))
        tables[kind.rawValue].forEach { name, _, _ in names.append(name) }
        return names
    }

    /// Joins an audience.
    func join(_ audience: Audience, _ connection: Connection, since: UInt64) {
        assert(connection.session.subscriptions === self, "another client's subscriptions")
        let place = audience.listeners.count
        audience.listeners.append(Audience.Listener(connection: connection, since: since))
        tables[audience.kind.rawValue].insert(
            audience.name,
            audience.hash,
            Membership(audience: audience, place: place)
        )
        byteCount += audience.name.count + Subscriptions.bytesEach
    }

    /// Leaves the audience of `name` and returns it; nil if there was no subscription.
    func leave(_ kind: ChannelKind, _ name: Bytes, _ hash: UInt64) -> Audience? {
        guard let found = tables[kind.rawValue].find(name, hash) else { return nil }
        let membership = tables[kind.rawValue].remove(at: found)
        byteCount -= membership.audience.name.count + Subscriptions.bytesEach
        leave(membership)
        return membership.audience
    }

    private func leave(_ membership: Membership) {
        let audience = membership.audience
        // The last subscriber moves to the freed position.
        let last = audience.listeners.removeLast()
        guard membership.place < audience.listeners.count else { return }
        audience.listeners[membership.place] = last
        last.connection.session.subscriptions?.moved(in: audience, to: membership.place)
    }

    /// A position in the subscriptions of a client that has been closed.
    struct Position {
        fileprivate var kind = 0
        fileprivate var place = 0
    }

    /// Leaves the audience at `position`, or the next one after it, and returns it; nil at the end.
    ///
    /// The client has been closed: the subscription itself stays, as nobody asks for it any more.
    func leaveNext(_ position: inout Position) -> Audience? {
        while position.kind < tables.count {
            if let place = tables[position.kind].place(from: position.place) {
                position.place = place + 1
                let membership = tables[position.kind][place]
                leave(membership)
                return membership.audience
            }
            position.kind += 1
            position.place = 0
        }
        return nil
    }

    private func moved(in audience: Audience, to place: Int) {
        let table = audience.kind.rawValue
        let found = audience.name.withBytes { tables[table].find($0, audience.hash) }
        guard let found else { preconditionFailure("a listener has its membership") }
        tables[table][found].place = place
    }
}
