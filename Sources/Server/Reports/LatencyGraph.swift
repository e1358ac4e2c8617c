/// The samples of an event as ASCII art, with their ages below.
///
/// ```text
///   #        four rows of three steps each; what lies below the top of a column is filled
///   |
/// o |
/// |_|
///
/// 210        how long ago each was
/// sss
/// ```
struct LatencyGraph {
    private static let columns = 80
    private static let rows = 4
    private static let steps = Array("_o#")

    /// The report.
    let text: String

    /// Draws the samples of `event`; `now` is in seconds since 1970.
    init(_ event: String, _ series: LatencyMonitor.Series, now: Int64) {
        let samples = series.samples.suffix(LatencyGraph.columns)
        let high = samples.map(\.milliseconds).max() ?? 0
        let low = samples.map(\.milliseconds).min() ?? 0
        var lines = [
            "\(event) - high \(high) ms, low \(low) ms (all time high \(series.longest) ms)",
            String(repeating: "-", count: LatencyGraph.columns),
        ]
        let stepsMax = LatencyGraph.rows * LatencyGraph.steps.count
        let heights = samples.map { sample in
            let share = Double(sample.milliseconds - low) / Double(max(high - low, 1))
            return min(Int(share * Double(stepsMax)), stepsMax - 1)
        }
        for row in (0..<LatencyGraph.rows).reversed() {
            let above = heights.map { $0 - row * LatencyGraph.steps.count }
            lines.append(
                String(above.map { $0 < 0 ? " " : $0 < 3 ? LatencyGraph.steps[$0] : "|" })
            )
        }
        lines.append(String(repeating: " ", count: samples.count))
        let ages = samples.map { Array(LatencyGraph.age(max(now - $0.time, 0))) }
        for row in 0..<(ages.map(\.count).max() ?? 0) {
            lines.append(String(ages.map { row < $0.count ? $0[row] : " " }))
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m"
        case ..<86400: "\(seconds / 3600)h"
        default: "\(seconds / 86400)d"
        }
    }
}
