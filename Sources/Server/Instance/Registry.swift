internal import Commands
internal import Primitives
internal import Wire

/// All commands: the table that finds them, and the dispatcher's data about each.
///
/// ## Invariants
/// `rows` has as many rows as the table has facts, all made by `init`, and lives as long as the
/// process.
@safe
final class Registry: @unchecked Sendable {  // because: never changed after `init`
    /// How a command runs.
    enum Runner {
        case data(DataHandler)
        case waitingData(WaitingDataHandler)
        case blocking(BlockingHandler)
        case admin(AdminHandler)
        case waitingAdmin(WaitingAdminHandler)
        /// It has subcommands, and never runs itself.
        case container

        init(_ handler: DataCommand.Handler) {
            switch handler {
            case .plain(let handler): self = .data(handler)
            case .waiting(let handler): self = .waitingData(handler)
            case .blocking(let handler): self = .blocking(handler)
            }
        }

        init(_ handler: AdminCommand.Handler) {
            switch handler {
            case .plain(let handler): self = .admin(handler)
            case .waiting(let handler): self = .waitingAdmin(handler)
            }
        }
    }

    /// The dispatcher's data about a command.
    struct Row {
        let runner: Runner
        let arity: Int
        let flags: CommandFlags
        /// The concerns to check while the server is on alert.
        let asks: Concerns
        /// The index of the first key, or 0.
        let firstKey: Int
        /// Whether there is exactly one key.
        let hasOneKey: Bool
        let isContainer: Bool
        /// The index of the word that is looked up in the collection at the first key, or 0.
        let memberWord: Int
    }

    /// A reference to a row.
    ///
    /// Copying the row itself would retain its handler.
    @safe
    struct RowPlace {
        fileprivate let row: UnsafePointer<Row>

        var runner: Runner { @inline(__always) get { unsafe row.pointee.runner } }
        var arity: Int { @inline(__always) get { unsafe row.pointee.arity } }
        var flags: CommandFlags { @inline(__always) get { unsafe row.pointee.flags } }
        var asks: Concerns { @inline(__always) get { unsafe row.pointee.asks } }
        var firstKey: Int { @inline(__always) get { unsafe row.pointee.firstKey } }
        var hasOneKey: Bool { @inline(__always) get { unsafe row.pointee.hasOneKey } }
        var isContainer: Bool { @inline(__always) get { unsafe row.pointee.isContainer } }
        var memberWord: Int { @inline(__always) get { unsafe row.pointee.memberWord } }

        /// Whether the command may have this many words, including its name.
        @inline(__always)
        func accepts(wordCount count: Int) -> Bool {
            let arity = arity
            return arity >= 0 ? count == arity : count >= -arity
        }

        /// Whether the command has access to the keyspace only.
        var isData: Bool {
            switch runner {
            case .data, .waitingData, .blocking: true
            case .admin, .waitingAdmin, .container: false
            }
        }

        /// Runs a data command.
        ///
        /// Precondition: `isData`.
        func run(
            _ arguments: Arguments,
            _ context: inout CommandContext
        ) throws(CommandError) -> Outcome {
            switch runner {
            case .data(let handler):
                try handler(arguments, &context)
                return .done
            case .waitingData(let handler): return try handler(arguments, &context)
            case .blocking(let handler): return try handler.run(arguments, &context)
            case .admin, .waitingAdmin, .container: preconditionFailure("no data command")
            }
        }
    }

    let table: CommandTable
    /// The row of FLUSHDB, even if it has been renamed.
    let flushRow: Int
    /// The rows of memcached's commands, by their raw values.
    private let memcachedRows: UnsafeMutablePointer<Int>
    private let rows: UnsafeMutablePointer<Row>

    /// Creates rows for all families; `renames` has new names by row, empty for disabled commands.
    init(data: [[DataCommand]], admin: [[AdminCommand]], renames: [Int: [UInt8]] = [:]) {
        let dataRows = data.joined().map { ($0.facts, Runner($0.handler)) }
        let adminRows = admin.joined().map { ($0.facts, Runner($0.handler)) }
        let all = dataRows + adminRows
        table = CommandTable(all.map { $0.0 }, renames: renames)
        let names = all.map { $0.0.clientName }
        flushRow = names.firstIndex(of: Bytes("flushdb").array) ?? 0
        unsafe memcachedRows = .allocate(capacity: MemcachedCommand.allCases.count)
        for command in MemcachedCommand.allCases {
            let name = Bytes("memcached.").array + Bytes(command.name).array
            guard let row = names.firstIndex(of: name) else {
                preconditionFailure("each of memcached's commands has a row")
            }
            unsafe (memcachedRows + command.rawValue).initialize(to: row)
        }
        unsafe rows = .allocate(capacity: all.count)
        for (number, (facts, runner)) in all.enumerated() {
            let isContainer = table.subcommands[number] != nil
            unsafe (rows + number).initialize(
                to: Row(
                    runner: isContainer && facts.arity < -1 ? .container : runner,
                    arity: facts.arity,
                    flags: facts.flags,
                    asks: Registry.asks(facts),
                    firstKey: Registry.firstKey(facts),
                    hasOneKey: Registry.hasOneKey(facts),
                    isContainer: isContainer,
                    memberWord: facts.memberWord
                )
            )
        }
    }

    /// The row with a number from the table.
    @inline(__always)
    func row(_ number: Int) -> RowPlace {
        assert(table.facts.indices.contains(number), "no such row")
        return unsafe RowPlace(row: UnsafePointer(rows + number))
    }

    private static func asks(_ facts: CommandFacts) -> Concerns {
        var asks = Concerns(facts.flags)
        // Monitoring tools that use PING learn this way that the server cannot save.
        if Bytes(facts.name) == Bytes("PING") { asks.insert(.disk) }
        return asks
    }

    /// The row of one of memcached's commands.
    @inline(__always)
    func row(_ command: MemcachedCommand) -> Int {
        // SAFETY: there is a row for each of them.
        unsafe memcachedRows[command.rawValue]
    }

    private static func firstKey(_ facts: CommandFacts) -> Int {
        guard case .index(let index)? = facts.keys.first?.begin,
            case .range? = facts.keys.first?.find
        else { return 0 }
        return index
    }

    private static func hasOneKey(_ facts: CommandFacts) -> Bool {
        guard facts.keys.count == 1, case .range(last: 0, _, _) = facts.keys[0].find else {
            return false
        }
        return true
    }
}
