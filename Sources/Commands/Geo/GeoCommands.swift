internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Geographic positions, stored as sorted sets whose scores are geohash cells.
public enum GeoCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("GEOADD", arity: -5, [.write, .denyOOM], keys: [.one(1, [.rw, .update])], propagation: .own, group: .geo, since: "3.2.0", complexity: "O(log(N)) for each member", syntax: "@key condition=[NX | XX] [CH] data=<longitude:d latitude:d member>...", summary: "Sets the positions of members, adding missing members.", add),
        DataCommand("GEOPOS", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], group: .geo, since: "3.2.0", complexity: "O(1) for each member", syntax: "@key [member...]", summary: "Returns the longitude and latitude of members.", positions),
        DataCommand("GEODIST", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .geo, since: "3.2.0", complexity: "O(1)", syntax: "@key member1 member2 unit=[M | KM | FT | MI]", summary: "Returns the distance between two members.", distance),
        DataCommand("GEOHASH", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], group: .geo, since: "3.2.0", complexity: "O(1) for each member", syntax: "@key [member...]", summary: "Returns the positions of members as geohash strings.", hashes),
    ]
}

extension GeoCommands {
    /// `GEOADD key [condition] [CH] longitude latitude member […]`: the number of new members.
    ///
    /// With CH, also counts changed ones.
    static func add(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try AddOptions(arguments)
        for index in stride(from: options.start, to: arguments.count, by: 3) {
            _ = try arguments.position(index, &context)
        }
        let key = context.firstKey(arguments)
        var (counted, changed) = (0, 0)
        let memberBytes = arguments[options.start + 2].count
        let mayMake = !options.needsPresent
        if let set = try SortedSetCommands.target(
            key,
            memberBytes: memberBytes,
            mayMake: mayMake,
            &context
        ) {
            let limits = context.limits.encoding
            for index in stride(from: options.start, to: arguments.count, by: 3) {
                let score = Double(GeoHash(try arguments.position(index, &context)).bits)
                set.edit(arguments[index + 2], limits) { old in
                    if old == nil ? options.needsPresent : options.needsAbsent { return nil }
                    guard old != score else { return nil }
                    changed += 1
                    if old == nil || options.countsChanges { counted += 1 }
                    return score
                }
            }
            context.changed(key, .zAdd, by: changed)
            if changed > 0 { try log(arguments, from: options.start, set, key, &context) }
        }
        context.reply.integer(counted)
    }

    /// Logs the given members and scores as ZADD.
    private static func log(
        _ arguments: Arguments,
        from start: Int,
        _ set: SortedSetValue,
        _ key: Key,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard context.logs else { return }
        context.beginRecord("ZADD")
        context.effects.records.word(key.bytes)
        defer { context.effects.records.end() }
        for index in stride(from: start, to: arguments.count, by: 3) {
            let score = Double(GeoHash(try arguments.position(index, &context)).bits)
            guard set.score(arguments[index + 2]) == score else { continue }
            context.effects.records.word(score: score)
            context.effects.records.word(arguments[index + 2])
        }
    }

    /// The options of GEOADD.
    private struct AddOptions {
        private(set) var needsAbsent = false
        private(set) var needsPresent = false
        private(set) var countsChanges = false
        /// The index of the first longitude.
        private(set) var start = 2

        init(_ arguments: Arguments) throws(CommandError) {
            while start < arguments.count {
                let word = arguments[start]
                if word.isWord("NX") {
                    needsAbsent = true
                } else if word.isWord("XX") {
                    needsPresent = true
                } else if word.isWord("CH") {
                    countsChanges = true
                } else {
                    break
                }
                start += 1
            }
            let rest = arguments.count - start
            guard rest > 0, rest % 3 == 0, !(needsAbsent && needsPresent) else { throw .syntax }
        }
    }

    /// `GEOPOS key [member …]`: longitude and latitude of each member; null for missing ones.
    static func positions(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        var writer = GeoReplies()
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            if let score = slot.flatMap({ SortedSetValue($0).score(arguments[index]) }) {
                writer.position(GeoHash(score: score).center, &context.reply)
            } else {
                context.reply.nullArray()
            }
        }
    }

    /// `GEODIST key member1 member2 [unit]`: the distance, or null.
    static func distance(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let unit = arguments.count == 5 ? try arguments.metres(4) : 1
        guard arguments.count <= 5 else { throw .syntax }
        guard let slot = try context.read(context.firstKey(arguments), .sortedSet),
            let first = SortedSetValue(slot).score(arguments[2]),
            let second = SortedSetValue(slot).score(arguments[3])
        else { return context.reply.null() }
        let metres = GeoHash(score: first).center.distance(to: GeoHash(score: second).center)
        var writer = GeoReplies()
        writer.distance(metres / unit, &context.reply)
    }

    /// `GEOHASH key [member …]`: the geohash string of each member; null for missing ones.
    static func hashes(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        var text = ByteBuffer()
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            if let score = slot.flatMap({ SortedSetValue($0).score(arguments[index]) }) {
                text.truncate(to: 0)
                let letters = GeoHash.text(GeoHash(score: score).center)
                for place in 0..<GeoHash.textByteCount { text.append(letters[place]) }
                context.reply.bulk(text.bytes)
            } else {
                context.reply.null()
            }
        }
    }
}

/// Writes positions and distances.
struct GeoReplies: ~Copyable {
    private var text = ByteBuffer()

    /// Writes an array of longitude and latitude.
    mutating func position(_ point: GeoPoint, _ reply: inout ReplyWriter) {
        reply.array(2)
        coordinate(point.longitude, &reply)
        coordinate(point.latitude, &reply)
    }

    private mutating func coordinate(_ degrees: Double, _ reply: inout ReplyWriter) {
        text.truncate(to: 0)
        text.append(fixed: degrees, digits: 17, trims: true)
        guard reply.isRESP3 else { return reply.bulk(text.bytes) }
        reply.raw(Bytes(","))
        reply.raw(text.bytes)
        reply.raw(Bytes("\r\n"))
    }

    /// Writes a distance with four decimals.
    mutating func distance(_ distance: Double, _ reply: inout ReplyWriter) {
        text.truncate(to: 0)
        text.append(fixed: distance, digits: 4)
        reply.bulk(text.bytes)
    }
}

extension Arguments {
    /// The words at `index` and after it as longitude and latitude.
    func position(
        _ index: Int,
        _ context: inout CommandContext
    ) throws(CommandError) -> GeoPoint {
        let point = GeoPoint(longitude: try float(index), latitude: try float(index + 1))
        guard point.hasCell else {
            context.errorDetail.truncate(to: 0)
            context.errorDetail.append(fixed: point.longitude, digits: 6)
            context.errorDetail.append(UInt8(ascii: ","))
            context.errorDetail.append(fixed: point.latitude, digits: 6)
            throw .geo(.position(context.errorDetail.bytes))
        }
        return point
    }

    /// The metres per unit named at `index`.
    func metres(_ index: Int) throws(CommandError) -> Double {
        let word = self[index]
        if word.isWord("M") { return 1 }
        if word.isWord("KM") { return 1000 }
        if word.isWord("FT") { return 0.3048 }
        if word.isWord("MI") { return 1609.34 }
        throw .geo(.unit)
    }
}
