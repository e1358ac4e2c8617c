internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Hashes as a whole: all fields, random fields, and scans.
public enum HashWalks {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HGETALL", arity: 2, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields", syntax: "@key", summary: "Returns all fields of a hash with their values.", tips: ["nondeterministic_output_order"], getAll),
        DataCommand("HKEYS", arity: 2, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields", syntax: "@key", summary: "Returns all fields of a hash.", tips: ["nondeterministic_output_order"], names),
        DataCommand("HVALS", arity: 2, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields", syntax: "@key", summary: "Returns the values of all fields of a hash.", tips: ["nondeterministic_output_order"], values),
        DataCommand("HRANDFIELD", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "6.2.0", complexity: "O(N) where N is the number of fields returned", syntax: "@key options=[count:i [WITHVALUES]]", summary: "Returns random fields.", tips: ["nondeterministic_output"], random),
        DataCommand("HSCAN", arity: -3, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "2.8.0", complexity: "O(1) per call, O(N) for all fields", syntax: "@key cursor:i [MATCH pattern:p] [COUNT count:i] [NOVALUES]", summary: "Iterates over fields and their values.", tips: ["nondeterministic_output"], scan),
    ]
}

extension HashWalks {
    /// `HGETALL key`: fields and values.
    static func getAll(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
            return context.reply.map(0)
        }
        context.reply.fields(of: hash, now: context.now)
    }

    /// `HKEYS key`: the fields.
    static func names(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyHalves(arguments, &context) { name, _ in name } }

    /// `HVALS key`: the values.
    static func values(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyHalves(arguments, &context) { _, value in value } }

    /// Replies with one half of every field: the name or the value.
    @inline(__always)  // because: it is specialised for each half
    private static func replyHalves(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        _ half: (StringContent, StringContent?) -> StringContent?
    ) throws(CommandError) {
        guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
            return context.reply.array(0)
        }
        context.reply.array(hash.liveCount(now: context.now))
        hash.forEach(now: context.now) { name, value in
            context.reply.bulk(half(name, value))
            return true
        }
    }

    // MARK: Drawing

    /// `HRANDFIELD key [count [WITHVALUES]]`: a random field, or null.
    ///
    /// With a count, that many distinct fields; if it is negative, as many as its magnitude, with
    /// repetition.
    static func random(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count > 2 else { return try randomOne(arguments, &context) }
        let wanted = try SampleCount(arguments, at: 2)
        guard arguments.count <= 4 else { throw .syntax }
        let withValues = arguments.count == 4
        if withValues {
            guard arguments[3].isWord("WITHVALUES") else { throw .syntax }
            try wanted.checkDoubled()
        }
        guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
            return context.reply.array(0)
        }
        let total = hash.liveCount(now: context.now)
        let count = try wanted.count(of: total)
        context.reply.array(withValues && !context.reply.isRESP3 ? count * 2 : count)
        guard count > 0 else { return }
        // Drawing from a pack walks over it, and drawing among expired fields may take long.
        let drawsDirectly = hash.encoding == .table && total == hash.count
        let method = wanted.method(of: total)
        guard method != .walk else { return choose(count, total, hash, withValues, &context) }
        let places = drawsDirectly ? [] : hash.places(now: context.now)
        func draw() -> Int {
            guard drawsDirectly, let place = hash.randomPlace(&context.random) else {
                return places[context.random.below(places.count)]
            }
            return place
        }
        func write(_ place: Int) {
            let field = hash.field(at: place)
            reply(field.name, field.value, withValues, &context)
        }
        if method == .draws {
            SampleCount.drawDistinct(count, draw, write)
        } else {
            for _ in 0..<count { write(draw()) }
        }
    }

    private static func randomOne(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
            return context.reply.null()
        }
        let place: Int?
        if hash.liveCount(now: context.now) == hash.count {
            place = hash.randomPlace(&context.random)
        } else {
            place = hash.places(now: context.now).randomElement(using: &context.random)
        }
        context.reply.bulk(place.map { hash.field(at: $0).name })
    }

    /// Replies with `count` of the `total` fields, selected during a walk.
    private static func choose(
        _ count: Int,
        _ total: Int,
        _ hash: HashValue,
        _ withValues: Bool,
        _ context: inout CommandContext
    ) {
        var selection = WalkSelection(count, of: total)
        hash.forEach(now: context.now) { name, value in
            if selection.takes(&context.random) { reply(name, value, withValues, &context) }
            return !selection.isDone
        }
    }

    private static func reply(
        _ name: StringContent,
        _ value: StringContent?,
        _ withValues: Bool,
        _ context: inout CommandContext
    ) {
        if withValues, context.reply.isRESP3 { context.reply.array(2) }
        context.reply.bulk(name)
        if withValues { context.reply.bulk(value) }
    }

    // MARK: Scanning

    /// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`: the next cursor, and fields.
    ///
    /// Fields come with their values, unless NOVALUES.
    static func scan(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try ValueScan.reply(arguments, &context, .hash, bareWord: "NOVALUES") {
            slot,
            scan,
            context in
            HashValue(slot).scan(scan.cursor, now: context.now) { name, value in
                guard name.withBytes({ scan.accepts($0) }) else { return }
                context.reply.bulk(name)
                if !scan.options.isBare { context.reply.bulk(value) }
            }
        }
    }
}
