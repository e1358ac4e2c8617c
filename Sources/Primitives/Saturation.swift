/// Arithmetic that saturates instead of trapping, for numbers that a client can choose.
extension FixedWidthInteger {
    /// The sum, clamped to the range of the type.
    @inlinable
    public func addingSaturated(_ other: Self) -> Self {
        let (sum, overflows) = addingReportingOverflow(other)
        guard overflows else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, clamped to the range of the type.
    @inlinable
    public func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflows) = subtractingReportingOverflow(other)
        guard overflows else { return difference }
        return other < 0 ? .max : .min
    }

    /// The product, clamped to the range of the type.
    @inlinable
    public func multipliedSaturated(by other: Self) -> Self {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        guard overflows else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }

    /// Truncates `value` to an integer, clamped to the range of the type; NaN becomes 0.
    @inlinable
    public init(saturating value: Double) {
        if let whole = Self(exactly: value.rounded(.towardZero)) {
            self = whole
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }
}
