/// How many requests arrive, and for how many of them it pays to wait.
///
/// One request at a time costs a wait, a wake-up and cold caches each. Where many come anyway, it
/// is cheaper for both sides to let a few gather, for a moment. Nothing is waited for unless
///
/// - so many arrive that several are to be expected within that moment: a server that has little to
///   do answers at once; and
/// - they come from many connections. Of the connections that were active just now a third is
///   waited for, so that clients which ask again when they have their answer are never waited for
///   in vain, as two thirds of them are on their way.
struct Arrivals {
    /// The longest that a request is kept waiting for others, in microseconds.
    static let patience: UInt32 = 100
    /// More are not waited for: by then nearly all is won that gathering wins.
    static let gatheredMax: UInt32 = 16
    /// The number of the window, about a millisecond, that is being counted.
    private(set) var window: UInt32 = 1
    /// How many arrivals are to be waited for, by the window before; one means no waiting.
    private(set) var worthWaitingFor: UInt32 = 1
    private var count: UInt32 = 0
    private var connections: UInt32 = 0
    private var startedAt: Int64 = 0

    /// Counts an arrival; `isFirst` in this window on its connection.
    @inline(__always)
    mutating func note(isFirst: Bool) {
        count &+= 1
        if isFirst { connections &+= 1 }
    }

    /// Begins a new window when the present one, of a millisecond or more, is over.
    @inline(__always)
    mutating func look(at milliseconds: Int64) {
        if milliseconds != startedAt { turn(milliseconds) }
    }

    private mutating func turn(_ milliseconds: Int64) {
        let elapsed = max(1, milliseconds - startedAt)
        let expected = Int64(count) * Int64(Arrivals.patience) / (elapsed * 1000)
        let gathered = min(connections / 3, Arrivals.gatheredMax)
        let pays = min(Int64(gathered), expected) >= Arrivals.gatheredMin
        worthWaitingFor = pays ? gathered : 1
        count = 0
        connections = 0
        window &+= 1
        startedAt = milliseconds
    }

    /// Fewer are not worth a timer.
    private static let gatheredMin: Int64 = 4
}
