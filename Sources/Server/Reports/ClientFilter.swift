internal import Commands
internal import Primitives
internal import Wire

/// The filter of CLIENT LIST and CLIENT KILL: connections that meet all conditions.
struct ClientFilter {
    /// Whether to leave out the caller's own connection.
    private(set) var skipsOwn = false
    private var conditions: [(condition: ClientCondition, isWanted: Bool)] = []

    /// Connections from one address: the old form of CLIENT KILL.
    init(address: Bytes) { conditions = [(.address(address.array), true)] }

    /// The arguments of CLIENT LIST.
    init(listing arguments: Arguments, _ access: AccessControl) throws(CommandError) {
        try read(arguments, access, isList: true)
    }

    /// The connection with an id: CLIENT UNBLOCK.
    init(id: Int64) { conditions = [(.ids([UInt64(bitPattern: id)]), true)] }

    /// The arguments of CLIENT KILL in the new form.
    init(killing arguments: Arguments, _ access: AccessControl) throws(CommandError) {
        skipsOwn = true
        try read(arguments, access, isList: false)
    }

    private mutating func read(
        _ arguments: Arguments,
        _ access: AccessControl,
        isList: Bool
    ) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            guard index + 1 < arguments.count else { throw .syntax }
            let (option, value) = (arguments[index], arguments[index + 1])
            index += 2
            if option.isWord("SKIPME") {
                guard value.isWord("YES") || value.isWord("NO") else { throw .syntax }
                skipsOwn = value.isWord("YES")
                continue
            }
            let isWanted = !(option.count > 4 && option[0..<4].isWord("NOT-"))
            let name = isWanted ? option : option.dropFirst(4)
            var condition: ClientCondition
            if name.isWord("ID") {
                var ids: Set<UInt64> = [try ClientFilter.id(value, isList: isList)]
                while index < arguments.count, DecimalText.integer(arguments[index]) != nil {
                    ids.insert(try ClientFilter.id(arguments[index], isList: isList))
                    index += 1
                }
                condition = .ids(ids)
            } else {
                condition = try ClientCondition(name, value, isWanted: isWanted, access)
            }
            // The last condition of a kind replaces earlier ones.
            conditions.removeAll {
                $0.isWanted == isWanted && $0.condition.isSameKind(as: condition)
            }
            conditions.append((condition, isWanted))
        }
    }

    private static func id(_ word: Bytes, isList: Bool) throws(CommandError) -> UInt64 {
        let id = DecimalText.integer(word)
        if isList {
            guard let id else { throw .client(.id) }
            return UInt64(bitPattern: id)
        }
        guard let id, id > 0 else { throw .client(.idNotPositive) }
        return UInt64(id)
    }

    /// Whether it selects `connection` of `worker`.
    func accepts(_ connection: Connection, on worker: Worker) -> Bool {
        conditions.allSatisfy { $0.condition.holds(for: connection, on: worker) == $0.isWanted }
    }
}
