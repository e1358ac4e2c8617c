/// Arithmetic that stops at the ends of a type's range instead of trapping, for numbers that a
/// client can choose.
extension FixedWidthInteger {
    /// The sum, or the end of the range that it lies beyond.
    @inlinable
    public func addingSaturated(_ other: Self) -> Self {
        let (sum, overflows) = addingReportingOverflow(other)
        guard overflows else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, or the end of the range that it lies beyond.
    @inlinable
    public func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflows) = subtractingReportingOverflow(other)
        guard overflows else { return difference }
        return other < 0 ? .max : .min
    }

    /// The product, or the end of the range that it lies beyond.
    @inlinable
    public func multipliedSaturated(by other: Self) -> Self {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        guard overflows else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }

    /// The whole part of `value`, or the end of the range that it lies beyond; 0 of no number.
    @inlinable
    public init(saturating value: Double) {
        if let whole = Self(exactly: value.rounded(.towardZero)) {
            self = whole
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }
}
