internal import CSupport

/// A C `long double`, with which INCRBYFLOAT and INCREX compute as Redis does.
///
/// It is never NaN.
public struct WideFloat: Sendable {
    private let value: apus_wide

    private init(_ value: apus_wide) { self.value = value }

    /// Parses all of `text`; nil if it is not a number.
    public init?(_ text: Bytes) {
        var value = apus_wide()
        // SAFETY: reads `count` bytes.
        let valid = unsafe text.base.withMemoryRebound(to: CChar.self, capacity: text.count) {
            unsafe apus_wide_parse($0, text.count, &value)
        }
        guard valid else { return nil }
        self.value = value
    }

    /// The largest finite number.
    public static var greatestFinite: WideFloat { WideFloat(apus_wide_max()) }
    /// Zero.
    public static var zero: WideFloat { WideFloat(apus_wide()) }

    /// Whether the number is finite.
    public var isFinite: Bool { apus_wide_finite(value) }

    /// The sum.
    public static func + (left: WideFloat, right: WideFloat) -> WideFloat {
        WideFloat(apus_wide_add(left.value, right.value))
    }

    /// The difference.
    public static func - (left: WideFloat, right: WideFloat) -> WideFloat {
        WideFloat(apus_wide_subtract(left.value, right.value))
    }

    /// Whether the left number is less than the right one.
    public static func < (left: WideFloat, right: WideFloat) -> Bool {
        apus_wide_less(left.value, right.value)
    }

    /// Calls `body` with the text of the number, as Redis prints it for people.
    ///
    /// It has up to 17 decimals, without trailing zeros, and no exponent.
    ///
    /// Precondition: the number is finite.
    public func withText<Result>(_ body: (Bytes) -> Result) -> Result {
        precondition(isFinite, "infinity has no such text")
        // SAFETY: the scratch has room for the longest text.
        return unsafe withUnsafeTemporaryAllocation(
            of: UInt8.self,
            capacity: FloatText.sumByteCountMax
        ) { scratch in
            guard let base = scratch.baseAddress else { return body(Bytes()) }
            let count = unsafe base.withMemoryRebound(to: CChar.self, capacity: scratch.count) {
                unsafe apus_wide_write(value, $0, scratch.count)
            }
            return unsafe body(Bytes(base: base, count: Int(max(count, 0))))
        }
    }
}
