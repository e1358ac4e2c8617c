internal import Primitives

/// A count per second, smoothed over 16 samples.
struct Rate {
    private var samples: [UInt64] = []
    private var lastCount: UInt64 = 0
    private var lastMoment: Int64 = 0

    /// The mean of the samples.
    var perSecond: UInt64 {
        samples.isEmpty ? 0 : samples.reduce(0) { $0.addingSaturated($1) } / UInt64(samples.count)
    }

    /// Records that the count is `count` at `now` (milliseconds).
    mutating func note(_ count: UInt64, now: Int64) {
        let elapsed = now - lastMoment
        guard elapsed > 0 else { return }
        if lastMoment > 0, count >= lastCount {
            let grown = (count - lastCount).multipliedSaturated(by: 1000)
            samples.append(grown / UInt64(elapsed))
            if samples.count > 16 { samples.removeFirst() }
        }
        lastMoment = now
        lastCount = count
    }
}
