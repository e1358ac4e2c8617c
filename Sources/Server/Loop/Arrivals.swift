/// Measures how many requests arrive, and decides for how many of them it pays to wait.
///
/// Each request that arrives on its own costs a wait, a wake-up and cold caches. If many are
/// arriving anyway, it is cheaper for both sides to wait a moment for several. The server does not
/// wait unless
///
/// - so many arrive that several can be expected within that moment: a server with little to do
///   replies at once; and
/// - they come from many connections. The server waits for a third of the recently active
///   connections, so that it never waits in vain for clients that send the next request only after
///   a reply, as two thirds of them are on their way.
struct Arrivals {
    /// The maximum time that a request waits for others, in microseconds.
    static let patience: UInt32 = 100
    /// The maximum number of requests to wait for; more would gain little.
    static let gatheredMax: UInt32 = 16
    /// The number of the current window, of about a millisecond.
    private(set) var window: UInt32 = 1
    /// How many arrivals to wait for, judging by the previous window; one means no waiting.
    private(set) var worthWaitingFor: UInt32 = 1
    private var count: UInt32 = 0
    private var connections: UInt32 = 0
    private var startedAt: Int64 = 0

    /// Counts an arrival; `isFirst` if it is the connection's first in this window.
    @inline(__always)
    mutating func note(isFirst: Bool) {
        count &+= 1
        if isFirst { connections &+= 1 }
    }

    /// Starts a new window if the current one, of a millisecond or more, is over.
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

    /// With fewer, a timer does not pay.
    private static let gatheredMin: Int64 = 4
}
