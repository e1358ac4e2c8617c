internal import Primitives

/// The cells that are searched for what lies in a shape: all that its window touches.
///
/// ```text
/// nine of a size that fits        or, where nine do not do (round a pole, across half the
/// ┌────┬────┬────┐                earth), a grid of up to 64
/// │ 7  │ 2  │ 6  │                ┌──┬──┬──┬──┬──┬──┐
/// ├────┼────┼────┤                ├──┼──┼──┼──┼──┼──┤  row by row
/// │ 5  │ 1  │ 4  │                └──┴──┴──┴──┴──┴──┘
/// ├────┼────┼────┤
/// │ 9  │ 3  │ 8  │                the order of results that no option sorts
/// └────┴────┴────┘
/// ```
/// Source: the nine cells and their order as Redis 7.0 has them.
public struct GeoCover {
    private let shape: GeoShape
    private let window: GeoWindow

    /// The cells round `shape`, whose window is `window`.
    public init(_ shape: GeoShape, _ window: GeoWindow) {
        self.shape = shape
        self.window = window
    }

    /// Calls `body` with ranges of scores, one after the other, until it says false.
    public func forEachRange(_ body: (Range<UInt64>) -> Bool) {
        guard forEachCell({ body($0.scores) }) else { return }
        if window.reachesUpperEnds { _ = body(GeoHash.scoresAtUpperEnds) }
    }

    /// Calls `body` with the cells; whether it always said true.
    func forEachCell(_ body: (GeoHash) -> Bool) -> Bool {
        let steps = steps
        return steps.map { forEachNeighbour(steps: $0, body) } ?? forEachInGrid(body)
    }

    // MARK: Nine cells

    /// Where the nine cells stand, in the order in which they are searched.
    private static let places = [
        (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
    ]

    /// The steps of nine cells that cover the window; nil when those would be too many.
    private var steps: Int? {
        var steps = GeoCover.steps(reach: shape.reach, latitude: shape.center.latitude)
        if steps > 1, isBeyondNeighbours(of: middle(steps)) { steps -= 1 }
        return needs(steps) == nil ? nil : steps
    }

    /// The cell of the shape's centre.
    private func middle(_ steps: Int) -> GeoHash {
        var cell = GeoHash(shape.center, steps: steps)
        // The upper ends of the map belong to its last cells.
        let last = UInt64(1) << UInt64(steps) - 1
        cell.bits =
            GeoHash.spread(min(cell.row, last)) | GeoHash.spread(min(cell.column, last)) << 1
        return cell
    }

    /// The sides on which the window reaches beyond the middle cell; nil when it reaches beyond
    /// that cell's neighbour too.
    private func needs(_ steps: Int) -> (north: Bool, south: Bool, east: Bool, west: Bool)? {
        let shift = UInt64(GeoHash.stepsMax - steps)
        let middle = middle(steps)
        let north = max(window.rows.upperBound >> shift, middle.row) - middle.row
        let south = middle.row - min(window.rows.lowerBound >> shift, middle.row)
        // The column of the centre among those of the window, which may lie beyond the date line.
        var column = self.middle(GeoHash.stepsMax).column
        if column < window.columns.first { column += GeoWindow.cellCount }
        let east = max(window.columns.last, column) >> shift - column >> shift
        let west = column >> shift - window.columns.first >> shift
        guard max(north, south, east, west) <= 1 else { return nil }
        return (north > 0, south > 0, east > 0, west > 0)
    }

    private func forEachNeighbour(steps: Int, _ body: (GeoHash) -> Bool) -> Bool {
        guard let needs = needs(steps) else { return true }
        let middle = middle(steps)
        var last: GeoHash?
        for (east, north) in GeoCover.places {
            if north < 0 && !needs.south || north > 0 && !needs.north { continue }
            if east < 0 && !needs.west || east > 0 && !needs.east { continue }
            let cell = middle.neighbour(east: east, north: north)
            // A grid of two columns has the same neighbour on both sides.
            guard cell != last else { continue }
            guard body(cell) else { return false }
            last = cell
        }
        return true
    }

    /// The steps of cells so large that nine of them cover most circles of `reach` metres.
    private static func steps(reach: Double, latitude: Double) -> Int {
        guard reach > 0 else { return GeoHash.stepsMax }
        // Half the length of the equator, as Mercator's map has it.
        let mapReach = 20_037_726.37
        var steps = 1
        var size = reach
        while size < mapReach, steps < 64 {
            size *= 2
            steps += 1
        }
        // Two fewer, so that what lies near a cell's edge is covered as well; near the poles cells
        // are narrower.
        steps -= 2
        if abs(latitude) > 66 { steps -= 1 }
        if abs(latitude) > 80 { steps -= 1 }
        return min(max(steps, 1), GeoHash.stepsMax)
    }

    /// Whether the shape reaches over the far edge of one of the neighbours of `cell`, as Redis
    /// asks it; what this does not tell, `needs` does.
    private func isBeyondNeighbours(of cell: GeoHash) -> Bool {
        let center = shape.center
        let north = cell.neighbour(east: 0, north: 1).corners.greatest.latitude
        let south = cell.neighbour(east: 0, north: -1).corners.least.latitude
        let east = cell.neighbour(east: 1, north: 0).corners.greatest.longitude
        let west = cell.neighbour(east: -1, north: 0).corners.least.longitude
        let reach = shape.reach
        return center.distance(toLatitude: north) < reach
            || center.distance(toLatitude: south) < reach
            || center.distance(to: GeoPoint(longitude: east, latitude: center.latitude)) < reach
            || center.distance(to: GeoPoint(longitude: west, latitude: center.latitude)) < reach
    }

    // MARK: A grid

    /// The most cells of a grid.
    private static let gridCellsMax = 64

    /// Calls `body` with the smallest cells of which no more than `gridCellsMax` touch the window.
    private func forEachInGrid(_ body: (GeoHash) -> Bool) -> Bool {
        var steps = GeoHash.stepsMax
        while steps > 1, gridSize(steps).rows * gridSize(steps).columns > GeoCover.gridCellsMax {
            steps -= 1
        }
        let shift = UInt64(GeoHash.stepsMax - steps)
        let round = UInt64(1) << UInt64(steps) - 1
        let size = gridSize(steps)
        for row in 0..<UInt64(size.rows) {
            for column in 0..<UInt64(size.columns) {
                let north = window.rows.lowerBound >> shift + row
                let east = (window.columns.first >> shift + column) & round
                let bits = GeoHash.spread(north) | GeoHash.spread(east) << 1
                guard body(GeoHash(bits: bits, steps: steps)) else { return false }
            }
        }
        return true
    }

    /// The rows and columns of cells of so many steps that touch the window.
    private func gridSize(_ steps: Int) -> (rows: Int, columns: Int) {
        let shift = UInt64(GeoHash.stepsMax - steps)
        let rows = window.rows.upperBound >> shift - window.rows.lowerBound >> shift
        let columns = window.columns.last >> shift - window.columns.first >> shift
        // All the way round, the last cell may be the first one.
        return (Int(rows) + 1, min(Int(columns) + 1, 1 << steps))
    }
}
