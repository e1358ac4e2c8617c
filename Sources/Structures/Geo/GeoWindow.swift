internal import Glibc

/// The rows and columns of cells that a shape may reach.
///
/// It rejects most cells outside the shape with two comparisons and no trigonometry.
///
/// ```text
/// a score   c r c r … c r      column and row bits, interleaved
/// columns   c 0 c 0 … c 0      ordered as the columns are
/// rows      0 r 0 r … 0 r      ordered as the rows are
/// ```
/// The window errs on the large side: by a ten-thousandth of a degree, which far exceeds any
/// rounding error.
public struct GeoWindow: Sendable {
    private static let rowMask: UInt64 = 0x5555_5555_5555_5555
    private static let slack = 1e-4
    /// The number of 26-step cells along an axis.
    static let cellCount: UInt64 = 1 << UInt64(GeoHash.stepsMax)

    /// A range of columns, going east.
    ///
    /// Columns from `cellCount` on lie past the date line and stand for the first ones again.
    struct Columns: Sendable {
        let first: UInt64
        let last: UInt64
    }

    /// The rows of 26-step cells, from south to north.
    let rows: ClosedRange<UInt64>
    /// The columns of 26-step cells.
    let columns: Columns

    private let spreadRows: ClosedRange<UInt64>
    private let spreadFirst: UInt64
    private let spreadLast: UInt64
    private let isOverDateLine: Bool

    /// Creates the window of `shape`.
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
            // A degree of longitude is shortest on the side nearer the pole.
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

    /// Creates the window between two corners; either may lie past the end of the map.
    private init(_ least: GeoPoint, _ greatest: GeoPoint) {
        let world = GeoHash.world
        rows =
            GeoWindow.cell(
                least.latitude - GeoWindow.slack,
                in: world.latitude
            )...GeoWindow.cell(greatest.latitude + GeoWindow.slack, in: world.latitude)
        var (west, east) =
            (least.longitude - GeoWindow.slack, greatest.longitude + GeoWindow.slack)
        if east - west >= 360 { (west, east) = (-180, 180) }
        if west < -180 { west += 360 }
        if east > 180 { east -= 360 }
        let first = GeoWindow.cell(west, in: world.longitude)
        let last = GeoWindow.cell(east, in: world.longitude)
        let isRound = first > last || west > east
        columns = Columns(first: first, last: isRound ? last + GeoWindow.cellCount : last)
        spreadRows = GeoHash.spread(rows.lowerBound)...GeoHash.spread(rows.upperBound)
        spreadFirst = GeoHash.spread(columns.first) << 1
        spreadLast = GeoHash.spread(last) << 1
        isOverDateLine = isRound
    }

    /// How far east of a point at `latitude` a circle reaches, in degrees of longitude.
    ///
    /// `sine` is the sine of the circle's angular radius. A circle around a pole reaches
    /// everywhere.
    private static func turn(sine: Double, at latitude: Double) -> Double {
        let cosine = cos(min(abs(latitude), 90) * GeoPoint.radians)
        return sine < cosine ? asin(sine / cosine) / GeoPoint.radians : 360
    }

    /// The row or column at `degrees`, clamped to the map.
    private static func cell(_ degrees: Double, in range: ClosedRange<Double>) -> UInt64 {
        let size = range.upperBound - range.lowerBound
        let share = (degrees - range.lowerBound) / size * Double(cellCount)
        return UInt64(min(max(share, 0), Double(cellCount - 1)))
    }

    /// Whether the 26-step cell with this number may lie in the shape; false is definite.
    public func mayHold(_ bits: UInt64) -> Bool {
        guard bits < 1 << 52 else { return true }
        let column = bits & ~GeoWindow.rowMask
        let isWithin =
            isOverDateLine
            ? column >= spreadFirst || column <= spreadLast
            : column >= spreadFirst && column <= spreadLast
        return isWithin && spreadRows.contains(bits & GeoWindow.rowMask)
    }

    /// Whether the window includes the eastern or northern end of the map.
    ///
    /// Points there have numbers beyond those of all cells.
    var reachesUpperEnds: Bool {
        let last = GeoWindow.cellCount - 1
        return rows.upperBound == last || columns.last >= last
    }
}
