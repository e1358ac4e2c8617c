internal import Primitives
internal import Wire

/// How many elements of a collection a request wants drawn at random, as ZRANDMEMBER, SRANDMEMBER
/// and HRANDFIELD count: that many distinct ones, or all, or, where the number is negative, as many
/// as its magnitude, each drawn from all.
struct SampleCount {
    /// The most elements that one request draws with repetition, so that a number alone does not
    /// make a reply without end.
    static let repeatedMax = 1 << 24

    private let magnitude: Int
    private let isRepeated: Bool

    /// How the elements are best drawn.
    enum Method {
        /// Each from all of them.
        case repeated
        /// Until enough different ones came: `drawDistinct`.
        case draws
        /// Each in turn, taken or left: `WalkSelection`.
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

    /// Throws where twice the count would leave 64 bits, as each element comes with a value.
    func checkDoubled() throws(CommandError) {
        guard magnitude <= Int.max / 2 else { throw .valueRange }
    }

    /// How many are drawn out of `total`.
    ///
    /// Throws: the reply would have no end.
    func count(of total: Int) throws(CommandError) -> Int {
        guard isRepeated else { return min(magnitude, total) }
        guard magnitude <= SampleCount.repeatedMax else { throw .valueRange }
        return total == 0 ? 0 : magnitude
    }

    /// How to draw out of `total`: where most are wanted, new ones would come ever more rarely.
    func method(of total: Int) -> Method {
        isRepeated ? .repeated : magnitude > total / 4 ? .walk : .draws
    }

    /// Calls `body` with `count` different numbers that `draw` gave, each a place, a rank or a
    /// handle of an element.
    ///
    /// Precondition: `draw` gives at least that many.
    static func drawDistinct(_ count: Int, _ draw: () -> Int, _ body: (Int) -> Void) {
        var drawn = Set<Int>(minimumCapacity: count)
        while drawn.count < count {
            let element = draw()
            if drawn.insert(element).inserted { body(element) }
        }
    }
}

/// Chooses some elements met in a walk over all of them, every choice being as likely.
///
/// Source: D. Knuth, "The Art of Computer Programming", 3.4.2, algorithm S.
struct WalkSelection {
    private var left: Int
    private var missing: Int

    /// To choose `count` of `total` elements.
    init(_ count: Int, of total: Int) {
        precondition(count <= total, "more than there are")
        left = total
        missing = count
    }

    /// Whether enough were chosen.
    var isDone: Bool { missing == 0 }

    /// Whether the element met now is chosen.
    mutating func takes(_ random: inout FastRandom) -> Bool {
        assert(left >= missing, "more elements were met than there are")
        let isTaken = random.below(left) < missing
        left -= 1
        if isTaken { missing -= 1 }
        return isTaken
    }
}
