public import Primitives

/// The moment at which keys are used, as stamps need it, and how stamps are read.
///
/// A worker sets it once a batch; time is a parameter.
@frozen
public struct AccessClock: Sendable {
    /// What a stamp tells.
    @frozen
    public enum Measure: Equatable, Sendable {
        /// When a key was last used.
        case time
        /// How often a key was used of late: `factor` is lfu-log-factor, a counter loses one every
        /// `decayMinutes` (lfu-decay-time; 0: never).
        case count(factor: Int, decayMinutes: Int)

        /// Whether stamps made by `other` mean something else here.
        public func readsOtherwise(than other: Measure) -> Bool {
            switch (self, other) {
            case (.time, .time): false
            case (.count(_, let minutes), .count(_, let otherMinutes)): minutes != otherMinutes
            case (.time, .count), (.count, .time): true
            }
        }
    }

    /// Seconds of a clock that never jumps.
    public private(set) var second: Int64 = 0
    /// What stamps tell.
    public private(set) var measure = Measure.time
    /// The stamp of a key that is new, or, by time, used now.
    public private(set) var fresh = AccessStamp(bits: 0)

    /// A clock at second zero that measures time.
    public init() {}

    /// Whether stamps tell how often keys were used.
    public var countsUses: Bool { measure != .time }

    /// Moves on to `second`.
    public mutating func advance(to second: Int64) {
        self.second = second
        refresh()
    }

    /// Reads stamps otherwise from now on.
    public mutating func measure(by measure: Measure) {
        self.measure = measure
        refresh()
    }

    private mutating func refresh() {
        switch measure {
        case .time: fresh = AccessStamp(idleSeconds: 0, at: second)
        case .count: fresh = AccessStamp(counter: AccessStamp.newCounter, period: period)
        }
    }

    /// The number of decays that were due so far, as far as stamps hold it.
    private var period: UInt8 {
        guard case .count(_, let decayMinutes) = measure, decayMinutes > 0 else { return 0 }
        return UInt8(truncatingIfNeeded: second / (60 * Int64(decayMinutes)))
    }

    // MARK: Reading and making stamps

    /// How many seconds ago a key was used; zero while uses are counted instead.
    public func idleSeconds(_ stamp: AccessStamp) -> Int64 {
        countsUses ? 0 : stamp.idleSeconds(at: second)
    }

    /// The counter of a key's uses; zero while their time is noted instead.
    public func frequency(_ stamp: AccessStamp) -> UInt8 {
        countsUses ? stamp.counter(in: period) : 0
    }

    /// The stamp of a key that had `stamp` and is used now.
    public func used(_ stamp: AccessStamp, _ random: inout FastRandom) -> AccessStamp {
        guard case .count(let factor, _) = measure else { return fresh }
        return stamp.counted(in: period, factor: factor, &random)
    }

    /// The stamp that tells the same as `stamp` for another hour.
    public func aged(_ stamp: AccessStamp) -> AccessStamp {
        countsUses
            ? AccessStamp(counter: stamp.counter(in: period), period: period)
            : stamp.aged(at: second)
    }
}
