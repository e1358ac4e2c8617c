internal import Primitives

/// A number with two decimals, for display.
func hundredths(_ value: Double) -> String {
    let hundredths = Int64(saturating: (value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let rest = String(100 + hundredths.magnitude % 100).dropFirst()
    return "\(sign)\(hundredths.magnitude / 100).\(rest)"
}

/// A number that is not negative with three decimals, for display.
func thousandths(_ value: Double) -> String {
    let thousandths = Int64(saturating: (value * 1000).rounded()).magnitude
    return "\(thousandths / 1000).\(String(1000 + thousandths % 1000).dropFirst())"
}
