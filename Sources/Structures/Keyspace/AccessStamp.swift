public import Primitives

/// When, or how often, a key was used: 16 bits, interpreted under the current policy.
///
/// ```text
/// by time:   0 ... 49151       a second, in a ring of 13.6 hours
///            49152 ... 65535   ten minutes, in a ring of 113 days
/// by count:  pppppppp cccccccc   the period of the last decay, and a logarithmic counter
/// ```
/// A stamp must be refreshed before its ring wraps around to it: whoever holds stamps calls `aged`
/// on each at least once an hour. That moves old stamps into the coarse ring, caps the oldest at
/// 111 days, and lets counters decay. A time is therefore exact to the second for half a day, and
/// to five minutes for months. Seconds and periods may come from threads that read their clocks at
/// slightly different moments, so a stamp slightly ahead of the clock counts as now.
///
/// Source: the counter follows the documentation of Redis' LFU policies.
@frozen
public struct AccessStamp: BitwiseCopyable, Equatable, Sendable {
    /// The bits.
    public let bits: UInt16

    /// Creates a stamp from its bits.
    @inlinable
    public init(bits: UInt16) { self.bits = bits }

    // MARK: By time

    static let fineCount: Int64 = 49_152
    static let coarseCount: Int64 = 16_384
    static let coarseSeconds: Int64 = 600
    /// Older stamps go to the coarse ring: after 12 hours, `aged` still has more than an hour to do
    /// so.
    static let fineIdleMax: Int64 = 43_200
    /// Stamps up to this far ahead of the clock, in the ring's unit, count as now.
    static let fineAhead: Int64 = 1_024
    static let coarseAhead: Int64 = 16
    static let coarseIdleMax: Int64 = 16_000

    /// The stamp of a key last used `idleSeconds` before `second`.
    public init(idleSeconds: Int64, at second: Int64) {
        if idleSeconds <= AccessStamp.fineIdleMax {
            let used = second - max(idleSeconds, 0)
            bits = UInt16(AccessStamp.remainder(used, AccessStamp.fineCount))
        } else {
            let longest = AccessStamp.coarseIdleMax * AccessStamp.coarseSeconds
            let used = AccessStamp.step(second - min(idleSeconds, longest))
            bits = UInt16(
                AccessStamp.fineCount + AccessStamp.remainder(used, AccessStamp.coarseCount)
            )
        }
    }

    /// The seconds between the last use and `second`.
    public func idleSeconds(at second: Int64) -> Int64 {
        let code = Int64(bits)
        if code < AccessStamp.fineCount {
            let idle = AccessStamp.remainder(second - code, AccessStamp.fineCount)
            return idle < AccessStamp.fineCount - AccessStamp.fineAhead ? idle : 0
        }
        let now = AccessStamp.step(second)
        let steps = AccessStamp.remainder(
            now - (code - AccessStamp.fineCount),
            AccessStamp.coarseCount
        )
        guard steps < AccessStamp.coarseCount - AccessStamp.coarseAhead else { return 0 }
        // Count from the middle of the step, so that the error goes both ways.
        let half = AccessStamp.coarseSeconds / 2
        let within = second - now * AccessStamp.coarseSeconds
        return max(0, steps * AccessStamp.coarseSeconds + within - half)
    }

    /// The same moment, in the ring that can hold it for another hour.
    public func aged(at second: Int64) -> AccessStamp {
        let idle = idleSeconds(at: second)
        if Int64(bits) < AccessStamp.fineCount {
            guard idle > AccessStamp.fineIdleMax else { return self }
        } else {
            guard idle > AccessStamp.coarseIdleMax * AccessStamp.coarseSeconds else { return self }
        }
        return AccessStamp(idleSeconds: idle, at: second)
    }

    /// The ten-minute step that contains `second`.
    private static func step(_ second: Int64) -> Int64 {
        (second - remainder(second, coarseSeconds)) / coarseSeconds
    }

    /// The non-negative remainder.
    private static func remainder(_ number: Int64, _ divisor: Int64) -> Int64 {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }

    // MARK: By count

    /// The initial counter, so that new keys are not evicted first.
    public static let newCounter: UInt8 = 5
    /// Stamps up to this many periods ahead of the clock count as now.
    static let periodsAhead: UInt8 = 8

    /// Creates the stamp of a counter in `period`.
    public init(counter: UInt8, period: UInt8) { bits = UInt16(period) << 8 | UInt16(counter) }

    /// The counter as of `period`: decremented once per period passed.
    public func counter(in period: UInt8) -> UInt8 {
        let counter = UInt8(truncatingIfNeeded: bits)
        let passed = period &- UInt8(truncatingIfNeeded: bits >> 8)
        guard passed < .max - AccessStamp.periodsAhead else { return counter }
        return counter > passed ? counter - passed : 0
    }

    /// The stamp after one more use: the counter decays first, then may grow by one.
    ///
    /// The probability of growth falls the further the counter exceeds that of a new key; a larger
    /// `factor` makes it fall faster.
    public func counted(
        in period: UInt8,
        factor: Int,
        _ random: inout FastRandom
    ) -> AccessStamp {
        let counter = counter(in: period)
        let excess = Int(counter) - Int(AccessStamp.newCounter)
        let (product, overflow) = max(0, excess).multipliedReportingOverflow(by: factor)
        let grows = counter < .max && !overflow && random.below(product + 1) == 0
        return AccessStamp(counter: grows ? counter + 1 : counter, period: period)
    }
}
