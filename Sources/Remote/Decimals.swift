/// Numbers as printed by C's printf, which scripts that read a report expect.
public enum Decimals {
    /// `value` rounded to `places` digits after the point.
    public static func fixed(_ value: Double, _ places: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        var scale: Int64 = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = rounded(value.magnitude, times: Double(scale))
        guard scaled < 9e18 else { return "\(value)" }
        let units = Int64(scaled)
        let sign = value < 0 && units > 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(units)" }
        let fraction = String(units % scale)
        let zeros = String(repeating: "0", count: places - fraction.utf8.count)
        return "\(sign)\(units / scale).\(zeros)\(fraction)"
    }

    /// `value` times `scale`, rounded only once: the product's error decides ties.
    private static func rounded(_ value: Double, times scale: Double) -> Double {
        let product = value * scale
        let lost = (-product).addingProduct(value, scale)
        let nearest = product.rounded(.toNearestOrEven)
        switch product - nearest {
        case 0.5 where lost > 0: return nearest + 1
        case -0.5 where lost < 0: return nearest - 1
        default: return nearest
        }
    }

    /// Nanoseconds as milliseconds.
    public static func milliseconds(_ nanoseconds: UInt64, _ places: Int) -> String {
        fixed(Double(nanoseconds) / 1e6, places)
    }

    /// `text`, right-aligned in at least `width` columns.
    public static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
}
