internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// HyperLogLogs: the number of distinct elements seen, in at most 12 KiB.
public enum HyperLogLogCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("PFADD", arity: -2, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .insert]), propagation: .verbatim, group: .hyperloglog, since: "2.8.9", complexity: "O(1) for each element", syntax: "@key [element...]", summary: "Adds elements to a HyperLogLog and returns whether its estimate may have changed.", add),
        DataCommand("PFCOUNT", arity: -2, [.readonly, .mayReplicate], keys: [.rest(1, [.rw, .access])], propagation: .verbatim, group: .hyperloglog, since: "2.8.9", complexity: "O(1) for one key, O(N) with N keys", syntax: "@key...", summary: "Estimates how many distinct elements the HyperLogLogs at the keys have seen.", count),
        DataCommand("PFMERGE", arity: -2, [.write, .denyOOM], keys: [.one(1, [.rw, .access, .insert]), .rest(2, [.ro, .access])], propagation: .verbatim, group: .hyperloglog, since: "2.8.9", complexity: "O(N) with N keys", syntax: "@destkey [@sourcekey...]", summary: "Merges HyperLogLogs into one.", merge),
        DataCommand("PFDEBUG", arity: 3, [.write, .denyOOM, .admin], keys: [.one(2, [.rw, .access])], propagation: .verbatim, group: .hyperloglog, since: "2.8.9", complexity: "O(1)", syntax: "subcommand @key", summary: "Shows or converts the registers of a HyperLogLog.", isInternal: true, debug),
        DataCommand("PFSELFTEST", arity: 1, [.admin], group: .hyperloglog, since: "2.8.9", complexity: "O(1)", syntax: "", summary: "Tests the registers and the estimates of HyperLogLogs.", isInternal: true, selfTest),
    ]
}

extension HyperLogLogCommands {
    /// `PFADD key [element …]`: 1 if a register changed or the key is new.
    static func add(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        var (value, isNew) = try target(key, &context)
        let raised = try checked { () throws(HyperLogLog.Failure) in
            try value.raise(arguments.count - 2, context.limits.encoding) { index in
                HyperLogLog.Observation(arguments[index + 2])
            }
        }
        let changes = raised + (isNew ? 1 : 0)
        context.changed(key, .pfAdd, by: changes)
        context.reply.integer(changes > 0 ? 1 : 0)
    }

    /// `PFCOUNT key [key …]`: the estimate; for several keys, that of their union.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        if arguments.count == 2 {
            guard let slot = try context.read(context.firstKey(arguments), .string) else {
                return context.reply.integer(0)
            }
            var value = try checked { () throws(HyperLogLog.Failure) in try HyperLogLogValue(slot) }
            let isNoted = value.notesCardinality
            let cardinality = try checked { () throws(HyperLogLog.Failure) in
                try value.cardinality()
            }
            // The cached cardinality is part of the string.
            if !isNoted { context.changed(context.firstKey(arguments), .unnamed) }
            return context.reply.integer(cardinality)
        }
        var registers = HyperLogLogRegisters()
        _ = try join(arguments, &registers, &context)
        context.reply.integer(registers.cardinality)
    }

    /// `PFMERGE destkey [sourcekey …]`: OK.
    static func merge(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var registers = HyperLogLogRegisters()
        let isDense = try join(arguments, &registers, &context)
        var (value, _) = try target(context.firstKey(arguments), &context)
        let limits = context.limits.encoding
        do throws(HyperLogLog.Failure) {
            try value.raise(to: registers, isDense: isDense, limits)
        } catch {
            throw error.commandError
        }
        context.changed(context.firstKey(arguments), .pfAdd)
        context.reply.ok()
    }

    /// Raises `registers` to those at all keys; returns whether any is dense.
    private static func join(
        _ arguments: Arguments,
        _ registers: inout HyperLogLogRegisters,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        var isDense = false
        for index in 1..<arguments.count {
            guard let slot = try context.read(context.key(arguments[index]), .string) else {
                continue
            }
            do throws(HyperLogLog.Failure) {
                let value = try HyperLogLogValue(slot)
                if value.encoding == .dense { isDense = true }
                try value.merge(into: &registers)
            } catch {
                throw error.commandError
            }
        }
        return isDense
    }

    /// The HyperLogLog at `key`, created if necessary.
    private static func target(
        _ key: Key,
        _ context: inout CommandContext
    ) throws(CommandError) -> (value: HyperLogLogValue, isNew: Bool) {
        guard let slot = try context.find(key, .string) else {
            return (HyperLogLogValue(creating: key, in: context.shard(key)), true)
        }
        return (try checked { () throws(HyperLogLog.Failure) in try HyperLogLogValue(slot) }, false)
    }

    /// `PFDEBUG GETREG | DECODE | ENCODING | TODENSE key`, `PFDEBUG SIMD ON | OFF`.
    ///
    /// The reply is the registers, the runs, the encoding, or whether the registers were converted.
    static func debug(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        if arguments[1].isWord("SIMD") { return try acceptSIMD(arguments[2], &context) }
        guard let slot = try context.find(context.key(arguments[2]), .string) else {
            throw .sketch(.noKey)
        }
        var value = try checked { () throws(HyperLogLog.Failure) in try HyperLogLogValue(slot) }
        if arguments[1].isWord("GETREG") {
            try makeDense(&value, arguments, &context)
            context.reply.array(HyperLogLog.registerCount)
            for index in 0..<HyperLogLog.registerCount {
                context.reply.integer(Int(value.register(index)))
            }
        } else if arguments[1].isWord("DECODE") {
            guard value.encoding == .sparse else {
                throw .sketch(.notSparse)
            }
            var text = ByteBuffer()
            value.describeRuns(to: &text)
            context.reply.bulk(text.bytes)
        } else if arguments[1].isWord("ENCODING") {
            context.reply.simple(value.encoding == .sparse ? "sparse" : "dense")
        } else if arguments[1].isWord("TODENSE") {
            let converted = try makeDense(&value, arguments, &context)
            context.reply.integer(converted ? 1 : 0)
        } else {
            throw .sketch(.debugSubcommand(arguments[1]))
        }
    }

    /// Converts the registers at word 2 to dense form; returns whether they were sparse.
    @discardableResult
    private static func makeDense(
        _ value: inout HyperLogLogValue,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        let converted = try checked { () throws(HyperLogLog.Failure) in try value.makeDense() }
        if converted { context.changed(context.key(arguments[2]), .unnamed) }
        return converted
    }

    /// Accepts ON and OFF without effect: registers are always processed several at a time.
    private static func acceptSIMD(
        _ word: Bytes,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard word.isWord("ON") || word.isWord("OFF") else {
            throw .sketch(.onOrOff)
        }
        context.reply.simple("enabled")
    }

    /// `PFSELFTEST`: OK, or which test failed.
    static func selfTest(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard HyperLogLogRegisters.packsWell(&context.random) else {
            throw .sketch(.testRegisters)
        }
        guard HyperLogLogRegisters.estimatesWell(elements: 20_000) else {
            throw .sketch(.testError)
        }
        context.reply.ok()
    }

    private static func checked<Result>(
        _ body: () throws(HyperLogLog.Failure) -> Result
    ) throws(CommandError) -> Result {
        do throws(HyperLogLog.Failure) { return try body() } catch { throw error.commandError }
    }
}

extension HyperLogLog.Failure {
    /// The error that Redis reports for bytes that are not a HyperLogLog.
    fileprivate var commandError: CommandError {
        switch self {
        case .foreign: .sketch(.notSketch)
        case .corrupted: .sketch(.corrupt)
        }
    }
}
