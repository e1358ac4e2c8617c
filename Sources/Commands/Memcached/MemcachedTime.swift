internal import Primitives

/// When items expire, as memcached's protocols say it.
public enum MemcachedTime {
    /// Numbers of seconds up to here, thirty days, count from now; larger ones from 1970.
    static let relativeSecondsMax: Int64 = 60 * 60 * 24 * 30

    /// The expiry in milliseconds since 1970: nil for never, in the past for a negative time.
    public static func expiry(_ seconds: Int64, now: Int64) -> Int64? {
        guard seconds != 0 else { return nil }
        guard seconds > 0 else { return now - 1 }
        if seconds <= relativeSecondsMax { return now + seconds * 1000 }
        let (moment, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max : moment
    }
}
