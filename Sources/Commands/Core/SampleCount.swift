internal import Primitives
internal import Wire

/// The count of a random sample, as in ZRANDMEMBER, SRANDMEMBER and HRANDFIELD.
///
/// A positive count asks for that many distinct elements, or for all if there are fewer; a negative
/// one for as many as its magnitude, with repetition.
struct SampleCount {
    /// The maximum sample size with repetition; without it, a mere number could make a reply
    /// endless.
    static let repeatedMax = 1 << 24

    private let magnitude: Int
    private let isRepeated: Bool

    /// The best way to draw the elements.
    enum Method {
        /// Draw each from all of them.
        case repeated
        /// Draw until there are enough distinct ones: `drawDistinct`.
        case draws
        /// Walk over all and select some: `WalkSelection`.
        case walk
    }

    /// Reads the word at `index`.
    init(_ arguments: Arguments, at index: Int) throws(CommandError) {
        let number = try arguments.integer(index)
        guard number != .min else {
            throw .noMagnitude
        }
        magnitude = Int(number.magnitude)
        isRepeated = number < 0
    }

    /// Throws if twice the count overflows 64 bits, for replies with a value per element.
    func checkDoubled() throws(CommandError) {
        guard magnitude <= Int.max / 2 else { throw .valueRange }
    }

    /// The number of elements to draw from `total`.
    ///
    /// Throws: `valueRange`, if the reply would be endless.
    func count(of total: Int) throws(CommandError) -> Int {
        guard isRepeated else { return min(magnitude, total) }
        guard magnitude <= SampleCount.repeatedMax else { throw .valueRange }
        return total == 0 ? 0 : magnitude
    }

    /// How to draw from `total`: if most are wanted, repeated draws would find ever fewer new ones.
    func method(of total: Int) -> Method {
        isRepeated ? .repeated : magnitude > total / 4 ? .walk : .draws
    }

    /// Calls `body` with `count` distinct results of `draw`: places, ranks or handles of elements.
    ///
    /// Precondition: `draw` returns at least that many distinct ones.
    static func drawDistinct(_ count: Int, _ draw: () -> Int, _ body: (Int) -> Void) {
        var drawn = Set<Int>(minimumCapacity: count)
        while drawn.count < count {
            let element = draw()
            if drawn.insert(element).inserted { body(element) }
        }
    }
}

/// Selects random elements during a walk over all of them, each with equal probability.
///
/// Source: D. Knuth, "The Art of Computer Programming", 3.4.2, algorithm S.
struct WalkSelection {
    private var left: Int
    private var missing: Int

    /// Prepares to select `count` of `total` elements.
    init(_ count: Int, of total: Int) {
        precondition(count <= total, "more than the total")
        left = total
        missing = count
    }

    /// Whether enough elements were selected.
    var isDone: Bool { missing == 0 }

    /// Whether to select the current element.
    mutating func takes(_ random: inout FastRandom) -> Bool {
        assert(left >= missing, "more elements than the total")
        let isTaken = random.below(left) < missing
        left -= 1
        if isTaken { missing -= 1 }
        return isTaken
    }
}
