internal import Primitives

/// A number with two decimals, for display.
func hundredths(_ value: Double) -> String {
    let hundredths = Int64(saturating: (value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let rest = String(100 + hundredths.magnitude % 100).dropFirst()
    return "\(sign)\(hundredths.magnitude / 100).\(rest)"
}
