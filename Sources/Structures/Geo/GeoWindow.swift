internal import Glibc

/// The rows and columns of cells that a shape may reach: most cells near it that lie outside are
/// told by two comparisons, without trigonometry.
///
/// ```text
/// a score   c r c r … c r      the bits of column and row by turns
/// columns   c 0 c 0 … c 0      compare as the columns do
/// rows      0 r 0 r … 0 r      compare as the rows do
/// ```
/// The window errs on the large side: by a ten-thousandth of a degree, far beyond what rounding may
/// do.
public struct GeoWindow: Sendable {
    private static let rowMask: UInt64 = 0x5555_5555_5555_5555
    private static let slack = 1e-4

    private let rows: ClosedRange<UInt64>
    private let columns: ClosedRange<UInt64>

    /// The window of `shape`.
    public init(_ shape: GeoShape) {
        let center = shape.center
        let reach: (longitude: Double, latitude: Double)
        switch shape.form {
        case .circle(let radius):
            let angle = radius / GeoPoint.earthRadius
            let turn = GeoWindow.turn(sine: sin(min(angle, .pi / 2)), at: center.latitude)
            reach = (turn, angle / GeoPoint.radians)
        case .box(let width, let height):
            let rise = height / 2 / GeoPoint.earthRadius / GeoPoint.radians
            // A degree of longitude is shortest on the side of the pole.
            let edge = abs(center.latitude) + rise + GeoWindow.slack
            let angle = min(width / 4 / GeoPoint.earthRadius, .pi / 2)
            reach = (2 * GeoWindow.turn(sine: sin(angle), at: edge), rise)
        case .polygon:
            let bounds = shape.bounds
            self.init(bounds.least, bounds.greatest)
            return
        }
        self.init(
            GeoPoint(
                longitude: center.longitude - reach.longitude,
                latitude: center.latitude - reach.latitude
            ),
            GeoPoint(
                longitude: center.longitude + reach.longitude,
                latitude: center.latitude + reach.latitude
            )
        )
    }

    /// The window between two corners; all columns where they lie beyond an end of the map.
    private init(_ least: GeoPoint, _ greatest: GeoPoint) {
        rows = GeoWindow.cells(least.latitude, greatest.latitude, in: GeoHash.world.latitude, 0)
        let isRound =
            least.longitude - GeoWindow.slack < -180
            || greatest.longitude + GeoWindow.slack > 180
        columns = GeoWindow.cells(
            isRound ? -180 : least.longitude,
            isRound ? 180 : greatest.longitude,
            in: GeoHash.world.longitude,
            1
        )
    }

    /// The degrees of longitude by which a great circle whose angle has this sine reaches east of
    /// a place at `latitude`; beyond all where it goes round the pole.
    private static func turn(sine: Double, at latitude: Double) -> Double {
        let cosine = cos(min(abs(latitude), 90) * GeoPoint.radians)
        return sine < cosine ? asin(sine / cosine) / GeoPoint.radians : 360
    }

    /// The rows or columns from `least` to `greatest` degrees, their bits from `shift` on.
    private static func cells(
        _ least: Double,
        _ greatest: Double,
        in range: ClosedRange<Double>,
        _ shift: UInt64
    ) -> ClosedRange<UInt64> {
        let size = range.upperBound - range.lowerBound
        func cell(_ degrees: Double) -> UInt64 {
            let share = (degrees - range.lowerBound) / size * 67_108_864
            return GeoHash.spread(UInt64(min(max(share, 0), 67_108_863))) << shift
        }
        return cell(least - slack)...max(cell(greatest + slack), cell(least - slack))
    }

    /// Whether the cell of 26 steps with this number may lie in the shape. Others may.
    public func mayHold(_ bits: UInt64) -> Bool {
        bits >> 52 != 0
            || rows.contains(bits & GeoWindow.rowMask)
                && columns.contains(bits & ~GeoWindow.rowMask)
    }
}
