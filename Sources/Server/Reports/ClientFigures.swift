internal import Primitives

/// The memory used by a worker's clients, readable by any thread.
///
/// The worker checks some of them in every tick, and all of them at least once a second.
struct ClientFigures: ~Copyable, Sendable {
    /// The number of connections, always current.
    let count = Counter()
    /// The number that wait for a value, and of those, the number with a timeout.
    let blocked = Counter()
    let blockedForTime = Counter()
    /// The memory of all connections, and the longest input and output of any, as of the last
    /// round.
    let bytes = Counter()
    /// The bytes of replies in that memory.
    let outputBytes = Counter()
    let inputMax = Counter()
    let outputMax = Counter()
    /// The memory of all connections, and of the largest that may be closed to free memory.
    ///
    /// As of the last tick; only while `maxmemory-clients` is set.
    let current = Counter()
    let evictableMax = Counter()

    /// Publishes the results of a round.
    func publish(_ round: ClientRound) {
        bytes.set(UInt64(round.bytes))
        outputBytes.set(UInt64(round.outputBytes))
        inputMax.set(UInt64(round.inputMax))
        outputMax.set(UInt64(round.outputMax))
    }
}

/// A worker's scan of its table of clients, one part per tick.
struct ClientRound {
    /// The minimum number of slots checked per tick.
    static let placesMin = 256

    /// The next slot.
    private var next = 0
    private(set) var bytes = 0
    private(set) var outputBytes = 0
    private(set) var inputMax = 0
    private(set) var outputMax = 0

    /// The slots to check now, of `count`, so that the scan takes at most `ticks` ticks.
    mutating func places(of count: Int, ticks: Int) -> Range<Int> {
        if next == 0 { (bytes, outputBytes, inputMax, outputMax) = (0, 0, 0, 0) }
        let start = min(next, count)
        let end = min(count, start + max(ClientRound.placesMin, (count + ticks - 1) / ticks))
        next = end == count ? 0 : end
        return start..<end
    }

    /// Whether the last slots completed a scan.
    var isComplete: Bool { next == 0 }

    /// Adds a client.
    mutating func note(bytes: Int, input: Int, output: Int) {
        self.bytes += bytes
        outputBytes += output
        inputMax = max(inputMax, input)
        outputMax = max(outputMax, output)
    }
}
