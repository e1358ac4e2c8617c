internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Searches for members by their positions.
public enum GeoSearch {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("GEOSEARCH", arity: -7, [.readonly], keys: [.one(1, [.ro, .access])], group: .geo, since: "6.2.0", complexity: "O(N+log(M)) with N members in the cells around the shape and M in all", syntax: "@key from=[FROMMEMBER member | fromlonlat=<FROMLONLAT longitude:d latitude:d>] by=(circle=<BYRADIUS radius:d unit=(M | KM | FT | MI)> | box=<BYBOX width:d height:d unit=(M | KM | FT | MI)> | polygon=<BYPOLYGON num-vertices:i vertices=<longitude:d latitude:d>...>) order=[ASC | DESC] count-block=[<COUNT count:i [ANY]>] [WITHCOORD] [WITHDIST] [WITHHASH]", summary: "Returns the members within a circle, a box or a polygon.", search),
        DataCommand("GEOSEARCHSTORE", arity: -8, [.write, .denyOOM], keys: [.one(1, [.ow, .update]), .one(2, [.ro, .access])], propagation: .verbatim, group: .geo, since: "6.2.0", complexity: "O(N+log(M)) with N members in the cells around the shape and M in all", syntax: "@destination @source from=[FROMMEMBER member | fromlonlat=<FROMLONLAT longitude:d latitude:d>] by=(circle=<BYRADIUS radius:d unit=(M | KM | FT | MI)> | box=<BYBOX width:d height:d unit=(M | KM | FT | MI)> | polygon=<BYPOLYGON num-vertices:i vertices=<longitude:d latitude:d>...>) order=[ASC | DESC] count-block=[<COUNT count:i [ANY]>] [STOREDIST]", summary: "Stores the members within a circle, a box or a polygon at another key.", searchStore),
        DataCommand("GEORADIUS", arity: -6, [.write, .denyOOM, .movableKeys], keys: [.one(1, [.ro, .access]), KeySpec(.keyword("STORE", from: 6), .range(last: 0, step: 1, limit: 0), [.ow, .update, .incomplete]), KeySpec(.keyword("STOREDIST", from: 6), .range(last: 0, step: 1, limit: 0), [.ow, .update, .incomplete])], propagation: .verbatim, group: .geo, since: "3.2.0", complexity: "O(N+log(M)) with N members in the cells around the circle and M in all", syntax: "@key longitude:d latitude:d radius:d unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] count-block=[<COUNT count:i [ANY]>] order=[ASC | DESC] store=[STORE @storekey | STOREDIST @storedistkey]", summary: "Returns or stores the members within a circle around a point.", deprecated: Deprecation(since: "6.2.0", by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"), aroundPoint),
        DataCommand("GEORADIUS_RO", arity: -6, [.readonly], keys: [.one(1, [.ro, .access])], group: .geo, since: "3.2.10", complexity: "O(N+log(M)) with N members in the cells around the circle and M in all", syntax: "@key longitude:d latitude:d radius:d unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] count-block=[<COUNT count:i [ANY]>] order=[ASC | DESC]", summary: "Returns the members within a circle around a point.", deprecated: Deprecation(since: "6.2.0", by: "`GEOSEARCH` with the `BYRADIUS` argument"), aroundPointReadOnly),
        DataCommand("GEORADIUSBYMEMBER", arity: -5, [.write, .denyOOM, .movableKeys], keys: [.one(1, [.ro, .access]), KeySpec(.keyword("STORE", from: 5), .range(last: 0, step: 1, limit: 0), [.ow, .update, .incomplete]), KeySpec(.keyword("STOREDIST", from: 5), .range(last: 0, step: 1, limit: 0), [.ow, .update, .incomplete])], propagation: .verbatim, group: .geo, since: "3.2.0", complexity: "O(N+log(M)) with N members in the cells around the circle and M in all", syntax: "@key member radius:d unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] count-block=[<COUNT count:i [ANY]>] order=[ASC | DESC] store=[STORE @storekey | STOREDIST @storedistkey]", summary: "Returns or stores the members within a circle around a member.", deprecated: Deprecation(since: "6.2.0", by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"), aroundMember),
        DataCommand("GEORADIUSBYMEMBER_RO", arity: -5, [.readonly], keys: [.one(1, [.ro, .access])], group: .geo, since: "3.2.10", complexity: "O(N+log(M)) with N members in the cells around the circle and M in all", syntax: "@key member radius:d unit=(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] count-block=[<COUNT count:i [ANY]>] order=[ASC | DESC]", summary: "Returns the members within a circle around a member.", deprecated: Deprecation(since: "6.2.0", by: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"), aroundMemberReadOnly),
    ]
}

extension GeoSearch {
    /// `GEOSEARCH key [from] by [options]`: the members, each with what was requested.
    static func search(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, .search, source: 1, &context) }

    /// `GEOSEARCHSTORE destination source [from] by [options]`: the number of members stored.
    static func searchStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, .searchStore, source: 2, &context) }

    /// `GEORADIUS key longitude latitude radius unit [options]`: the members, or the number stored.
    static func aroundPoint(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, .point, source: 1, mayStore: true, &context) }

    /// `GEORADIUS_RO key longitude latitude radius unit [options]`: the members.
    static func aroundPointReadOnly(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, .point, source: 1, &context) }

    /// `GEORADIUSBYMEMBER key member radius unit [options]`: the members, or the number stored.
    static func aroundMember(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, .member, source: 1, mayStore: true, &context) }

    /// `GEORADIUSBYMEMBER_RO key member radius unit [options]`: the members.
    static func aroundMemberReadOnly(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try run(arguments, .member, source: 1, &context) }

    /// A member found.
    private struct Match {
        let member: Bytes
        let score: Double
        let position: GeoPoint
        let metres: Double
    }

    private static func run(
        _ arguments: Arguments,
        _ spelling: GeoSearchRequest.Spelling,
        source: Int,
        mayStore: Bool = false,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.key(arguments[source]), .sortedSet)
        let set = slot.map { SortedSetValue($0) }
        let request = try GeoSearchRequest(
            arguments,
            spelling,
            mayStore: mayStore,
            in: set,
            &context
        )
        var matches: [Match] = []
        if let set, let shape = request.shape {
            matches = find(shape, in: set, limit: request.isAny ? request.count : 0)
            // COUNT without ANY implies the nearest.
            switch request.order ?? (request.count > 0 && !request.isAny ? .nearest : nil) {
            case .nearest: matches.sort { $0.metres < $1.metres }
            case .farthest: matches.sort { $0.metres > $1.metres }
            case nil: break
            }
            if request.count > 0, request.count < matches.count {
                matches.removeLast(matches.count - request.count)
            }
        }
        if let target = request.target {
            let event: KeyEvent = spelling == .searchStore ? .geoSearchStore : .geoRadiusStore
            store(matches, request, at: context.key(target), event, &context)
        } else {
            replyMatches(matches, request, &context.reply)
        }
    }

    /// The members within `shape`, in the order of the cells that cover it.
    ///
    /// At most `limit` members, unless it is 0.
    private static func find(
        _ shape: GeoShape,
        in set: SortedSetValue,
        limit: Int
    ) -> [Match] {
        var matches: [Match] = []
        let window = GeoWindow(shape)
        GeoCover(shape, window).forEachRange { scores in
            let end = Double(scores.upperBound)
            set.walk(from: OrderedBound(score: Double(scores.lowerBound), after: false)) {
                member,
                score in
                guard score < end else { return false }
                let hash = GeoHash(score: score)
                guard window.mayHold(hash.bits) else { return true }
                let position = hash.center
                if let metres = shape.distance(to: position) {
                    matches.append(
                        Match(member: member, score: score, position: position, metres: metres)
                    )
                }
                return limit == 0 || matches.count < limit
            }
            return limit == 0 || matches.count < limit
        }
        return matches
    }

    private static func replyMatches(
        _ matches: [Match],
        _ request: GeoSearchRequest,
        _ reply: inout ReplyWriter
    ) {
        let details = [request.tellsDistance, request.tellsHash, request.tellsPosition]
        let detailCount = details.count { $0 }
        var writer = GeoReplies()
        reply.array(matches.count)
        for match in matches {
            if detailCount > 0 { reply.array(1 + detailCount) }
            reply.bulk(match.member)
            if request.tellsDistance { writer.distance(match.metres / request.unit, &reply) }
            if request.tellsHash {
                reply.integer(Int64(clamping: GeoHash(score: match.score).bits))
            }
            if request.tellsPosition { writer.position(match.position, &reply) }
        }
    }

    /// Stores the members with their cells or distances, and replies with their number.
    private static func store(
        _ matches: [Match],
        _ request: GeoSearchRequest,
        at target: Key,
        _ event: KeyEvent,
        _ context: inout CommandContext
    ) {
        let shard = context.shard(target)
        var table = OrderedTable()
        for match in matches {
            let score = request.storesDistance ? match.metres / request.unit : match.score
            table.insert(match.member, shard.hash(match.member), score, &shard.arena)
        }
        let changes = matches.count
        let count = SortedSetRanges.store(&table, target, event, &context, changes: changes)
        // Log the values: distances are not computed identically to the last bit everywhere.
        SortedSetRanges.logStored(target, &context)
        context.reply.integer(count)
    }
}
