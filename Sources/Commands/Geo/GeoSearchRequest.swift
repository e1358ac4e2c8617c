internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The arguments of GEOSEARCH and related commands.
struct GeoSearchRequest {
    /// The syntax that a command uses.
    enum Spelling {
        /// GEORADIUS: the centre and the radius come first.
        case point
        /// GEORADIUSBYMEMBER: a member and the radius come first.
        case member
        /// GEOSEARCH: everything is an option.
        case search
        /// GEOSEARCHSTORE: the target comes first, everything else is an option.
        case searchStore
    }

    /// The order of results.
    enum Order {
        case nearest, farthest
    }

    private let spelling: Spelling
    /// Whether STORE and STOREDIST may name a target.
    private let mayStore: Bool
    /// The centre; nil also if there is no set in which to look it up.
    private var center: GeoPoint?
    private var hasCenter = false
    private var form: GeoShape.Form?
    private var isPolygon = false

    /// The metres per unit of distances.
    private(set) var unit = 1.0
    private(set) var tellsPosition = false
    private(set) var tellsDistance = false
    private(set) var tellsHash = false
    private(set) var order: Order?
    /// The maximum number of results; 0 for all.
    private(set) var count = 0
    /// Whether any results will do, not just the nearest.
    private(set) var isAny = false
    /// The key to store the result at.
    private(set) var target: Bytes?
    /// Whether to store distances instead of cells.
    private(set) var storesDistance = false

    /// Parses all words.
    ///
    /// `set` is the sorted set at the source key, nil if there is none.
    init(
        _ arguments: Arguments,
        _ spelling: Spelling,
        mayStore: Bool,
        in set: SortedSetValue?,
        _ context: inout CommandContext
    ) throws(CommandError) {
        self.spelling = spelling
        self.mayStore = mayStore
        var index: Int
        switch spelling {
        case .point:
            center = try arguments.position(2, &context)
            try readCircle(arguments, 4)
            index = 6
        case .member:
            index = 5
            if let set {
                center = try GeoSearchRequest.position(of: arguments[2], in: set)
                try readCircle(arguments, 3)
            }
        case .search: index = 2
        case .searchStore:
            target = arguments[1]
            index = 3
        }
        while index < arguments.count {
            guard readSimple(arguments[index]) else {
                index += try readOption(arguments, index, set, &context)
                continue
            }
            index += 1
        }
        try check(arguments[0])
    }

    /// The shape to search; nil if the source key is absent.
    var shape: GeoShape? {
        if case .polygon(let corners)? = form { return GeoShape(polygon: corners) }
        guard let center, let form else { return nil }
        return GeoShape(center: center, form: form)
    }

    private var isSearch: Bool { spelling == .search || spelling == .searchStore }

    private mutating func readSimple(_ word: Bytes) -> Bool {
        if word.isWord("WITHDIST") {
            tellsDistance = true
        } else if word.isWord("WITHHASH") {
            tellsHash = true
        } else if word.isWord("WITHCOORD") {
            tellsPosition = true
        } else if word.isWord("ANY") {
            isAny = true
        } else if word.isWord("ASC") {
            order = .nearest
        } else if word.isWord("DESC") {
            order = .farthest
        } else if spelling == .searchStore, word.isWord("STOREDIST") {
            storesDistance = true
        } else {
            return false
        }
        return true
    }

    /// Parses the option at `index`; returns its number of words.
    private mutating func readOption(
        _ arguments: Arguments,
        _ index: Int,
        _ set: SortedSetValue?,
        _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        let word = arguments[index]
        let rest = arguments.count - index - 1
        if word.isWord("COUNT"), rest >= 1 {
            let given = try arguments.integer(index + 1)
            guard given > 0 else { throw .countNotPositive }
            count = Int(given)
            return 2
        }
        if mayStore, rest >= 1, word.isWord("STORE") || word.isWord("STOREDIST") {
            // The locked key is the first after each of the two words.
            let isDistance = word.isWord("STOREDIST")
            guard target == nil || storesDistance != isDistance else { throw .syntax }
            target = arguments[index + 1]
            storesDistance = isDistance
            return 2
        }
        guard isSearch else { throw .syntax }
        if !hasCenter, !isPolygon {
            if word.isWord("FROMMEMBER"), rest >= 1 {
                center = try set.map { set throws(CommandError) in
                    try GeoSearchRequest.position(of: arguments[index + 1], in: set)
                }
                hasCenter = true
                return 2
            }
            if word.isWord("FROMLONLAT"), rest >= 2 {
                center = try arguments.position(index + 1, &context)
                hasCenter = true
                return 3
            }
        }
        return try readForm(arguments, index, rest, &context)
    }

    private mutating func readForm(
        _ arguments: Arguments,
        _ index: Int,
        _ rest: Int,
        _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        let word = arguments[index]
        switch form {
        case .circle?, nil:
            if word.isWord("BYRADIUS"), rest >= 2 {
                try readCircle(arguments, index + 1)
                return 3
            }
        case .box?, .polygon?: break
        }
        switch form {
        case .box?, nil:
            if word.isWord("BYBOX"), rest >= 3 {
                try readBox(arguments, index + 1)
                return 4
            }
        case .circle?, .polygon?: break
        }
        guard form == nil, !hasCenter, word.isWord("BYPOLYGON"), rest >= 1 else { throw .syntax }
        return try readPolygon(arguments, index + 1, &context) + 1
    }

    private mutating func readCircle(_ arguments: Arguments, _ index: Int) throws(CommandError) {
        guard let radius = FloatText.number(arguments[index]) else {
            throw .geo(.radius)
        }
        guard radius >= 0 else { throw .geo(.negativeRadius) }
        unit = try arguments.metres(index + 1)
        form = .circle(radius: radius * unit)
    }

    private mutating func readBox(_ arguments: Arguments, _ index: Int) throws(CommandError) {
        guard let width = FloatText.number(arguments[index]) else {
            throw .geo(.width)
        }
        guard let height = FloatText.number(arguments[index + 1]) else {
            throw .geo(.height)
        }
        guard width >= 0, height >= 0 else {
            throw .geo(.negativeBox)
        }
        unit = try arguments.metres(index + 2)
        form = .box(width: width * unit, height: height * unit)
    }

    /// Parses a number of corners and the corners; returns the number of words.
    private mutating func readPolygon(
        _ arguments: Arguments,
        _ index: Int,
        _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        let count = try arguments.integer(index)
        guard count >= 3 else {
            throw .geo(.cornerCount)
        }
        guard count <= (arguments.count - index - 1) / 2 else { throw .syntax }
        var corners: [GeoPoint] = []
        corners.reserveCapacity(Int(count))
        for corner in 0..<Int(count) {
            corners.append(try arguments.position(index + 1 + corner * 2, &context))
        }
        unit = 1
        isPolygon = true
        form = .polygon(corners)
        return 1 + Int(count) * 2
    }

    /// Checks what depends on all words together.
    private func check(_ name: Bytes) throws(CommandError) {
        if target != nil, tellsDistance || tellsHash || tellsPosition {
            throw .geo(spelling == .searchStore ? .searchStoreWithOptions : .storeWithOptions)
        }
        if isSearch, !hasCenter, !isPolygon {
            throw .geo(.centerMissing(name))
        }
        if isSearch, form == nil {
            throw .geo(.shapeMissing(name))
        }
        if isAny, count == 0 {
            throw .geo(.anyNeedsCount)
        }
    }

    private static func position(
        of member: Bytes,
        in set: SortedSetValue
    ) throws(CommandError) -> GeoPoint {
        guard let score = set.score(member) else {
            throw .geo(.memberMissing)
        }
        return GeoHash(score: score).center
    }
}
