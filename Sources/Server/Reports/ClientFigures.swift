internal import Primitives

/// What a worker's clients take of memory, for anybody to read: the worker looks at some of them in
/// every tick and has been round within a second.
struct ClientFigures: ~Copyable, Sendable {
    /// The connections, as of now.
    let count = Counter()
    /// The bytes kept for them, and the most that one has waiting in and out, as of the last round.
    let bytes = Counter()
    let inputMax = Counter()
    let outputMax = Counter()

    /// Publishes what a round found.
    func publish(_ round: ClientRound) {
        bytes.set(UInt64(round.bytes))
        inputMax.set(UInt64(round.inputMax))
        outputMax.set(UInt64(round.outputMax))
    }
}

/// A worker's round through its table of clients, a part of it in every tick.
struct ClientRound {
    /// So many places of the table are looked at in any case.
    static let placesMin = 256

    /// The place that comes next.
    private var next = 0
    private(set) var bytes = 0
    private(set) var inputMax = 0
    private(set) var outputMax = 0

    /// The places to look at now, of `count`: as many that `ticks` of these go round.
    mutating func places(of count: Int, ticks: Int) -> Range<Int> {
        if next == 0 { (bytes, inputMax, outputMax) = (0, 0, 0) }
        let start = min(next, count)
        let end = min(count, start + max(ClientRound.placesMin, (count + ticks - 1) / ticks))
        next = end == count ? 0 : end
        return start..<end
    }

    /// Whether the places given last were the end of a round.
    var isComplete: Bool { next == 0 }

    /// Adds a client.
    mutating func note(bytes: Int, input: Int, output: Int) {
        self.bytes += bytes
        inputMax = max(inputMax, input)
        outputMax = max(outputMax, output)
    }
}
