public import Primitives

/// The current second, as needed by access stamps, and what the stamps record.
///
/// Each worker advances it once per batch; the time is a parameter.
@frozen
public struct AccessClock: Sendable {
    /// What a stamp records.
    @frozen
    public enum Measure: Equatable, Sendable {
        /// When a key was last used.
        case time
        /// How often a key was used recently.
        ///
        /// `factor` is lfu-log-factor. Every `decayMinutes` (lfu-decay-time; 0: never), a counter
        /// loses one.
        case count(factor: Int, decayMinutes: Int)

        /// Whether stamps made under `other` have a different meaning under this measure.
        public func readsOtherwise(than other: Measure) -> Bool {
            switch (self, other) {
            case (.time, .time): false
            case (.count(_, let minutes), .count(_, let otherMinutes)): minutes != otherMinutes
            case (.time, .count), (.count, .time): true
            }
        }
    }

    /// The current second of a monotonic clock.
    public private(set) var second: Int64 = 0
    /// What stamps record.
    public private(set) var measure = Measure.time
    /// The stamp of a new key, and under `.time` of any key used now.
    public private(set) var fresh = AccessStamp(bits: 0)

    /// Creates a clock at second zero that measures time.
    public init() {}

    /// Whether stamps record how often keys were used.
    public var countsUses: Bool { measure != .time }

    /// Advances the clock to `second`.
    public mutating func advance(to second: Int64) {
        self.second = second
        refresh()
    }

    /// Changes what stamps record from now on.
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

    /// The number of decay periods so far, modulo 256.
    private var period: UInt8 {
        guard case .count(_, let decayMinutes) = measure, decayMinutes > 0 else { return 0 }
        return UInt8(truncatingIfNeeded: second / (60 * Int64(decayMinutes)))
    }

    // MARK: Reading and making stamps

    /// The seconds since a key's last use; zero under `.count`.
    public func idleSeconds(_ stamp: AccessStamp) -> Int64 {
        countsUses ? 0 : stamp.idleSeconds(at: second)
    }

    /// The use counter of a key; zero under `.time`.
    public func frequency(_ stamp: AccessStamp) -> UInt8 {
        countsUses ? stamp.counter(in: period) : 0
    }

    /// The new stamp of a key that had `stamp` and is used now.
    public func used(_ stamp: AccessStamp, _ random: inout FastRandom) -> AccessStamp {
        guard case .count(let factor, _) = measure else { return fresh }
        return stamp.counted(in: period, factor: factor, &random)
    }

    /// The stamp of a key with the access counter `frequency`, where frequencies are tracked.
    public func stamp(frequency: UInt8) -> AccessStamp {
        AccessStamp(counter: frequency, period: period)
    }

    /// A stamp with the same meaning as `stamp` that stays valid for another hour.
    public func aged(_ stamp: AccessStamp) -> AccessStamp {
        countsUses
            ? AccessStamp(counter: stamp.counter(in: period), period: period)
            : stamp.aged(at: second)
    }
}
