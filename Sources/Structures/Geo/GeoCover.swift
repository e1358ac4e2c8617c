internal import Primitives

/// The geohash cells to search for members of a shape: all cells that its window touches.
///
/// ```text
/// nine cells if they can cover it  otherwise (around a pole, across half the
/// ┌────┬────┬────┐                earth) a grid of up to 64
/// │ 7  │ 2  │ 6  │                ┌──┬──┬──┬──┬──┬──┐
/// ├────┼────┼────┤                ├──┼──┼──┼──┼──┼──┤  row by row
/// │ 5  │ 1  │ 4  │                └──┴──┴──┴──┴──┴──┘
/// ├────┼────┼────┤
/// │ 9  │ 3  │ 8  │                this order is the order of unsorted results
/// └────┴────┴────┘
/// ```
/// Source: the nine cells and their order are those of Redis 7.0.
public struct GeoCover {
    private let shape: GeoShape
    private let window: GeoWindow

    /// The cells around `shape`, whose window is `window`.
    public init(_ shape: GeoShape, _ window: GeoWindow) {
        self.shape = shape
        self.window = window
    }

    /// Calls `body` with one range of scores after another, until it returns false.
    public func forEachRange(_ body: (Range<UInt64>) -> Bool) {
        guard forEachCell({ body($0.scores) }) else { return }
        if window.reachesUpperEnds { _ = body(GeoHash.scoresAtUpperEnds) }
    }

    /// Calls `body` with each cell until it returns false; returns whether it never did.
    func forEachCell(_ body: (GeoHash) -> Bool) -> Bool {
        let steps = steps
        return steps.map { forEachNeighbour(steps: $0, body) } ?? forEachInGrid(body)
    }

    // MARK: Nine cells

    /// The offsets of the nine cells, in search order.
    private static let places = [
        (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
    ]

    /// The step count at which nine cells cover the window; nil if no such count exists.
    private var steps: Int? {
        var steps = GeoCover.steps(reach: shape.reach, latitude: shape.center.latitude)
        if steps > 1, isBeyondNeighbours(of: middle(steps)) { steps -= 1 }
        return needs(steps) == nil ? nil : steps
    }

    /// The cell that contains the shape's centre.
    private func middle(_ steps: Int) -> GeoHash {
        var cell = GeoHash(shape.center, steps: steps)
        // The upper ends of the map belong to its last cells.
        let last = UInt64(1) << UInt64(steps) - 1
        cell.bits =
            GeoHash.spread(min(cell.row, last)) | GeoHash.spread(min(cell.column, last)) << 1
        return cell
    }

    /// The sides on which the window extends past the middle cell.
    ///
    /// Nil if it extends past that cell's neighbour as well.
    private func needs(_ steps: Int) -> (north: Bool, south: Bool, east: Bool, west: Bool)? {
        let shift = UInt64(GeoHash.stepsMax - steps)
        let middle = middle(steps)
        let north = max(window.rows.upperBound >> shift, middle.row) - middle.row
        let south = middle.row - min(window.rows.lowerBound >> shift, middle.row)
        // The centre's column in the window's numbering, which may continue past the date line.
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
            // With only two columns the neighbours on both sides are the same cell.
            guard cell != last else { continue }
            guard body(cell) else { return false }
            last = cell
        }
        return true
    }

    /// The step count at which nine cells cover most circles of radius `reach` (metres).
    private static func steps(reach: Double, latitude: Double) -> Int {
        guard reach > 0 else { return GeoHash.stepsMax }
        // Half the length of the equator on the Mercator map.
        let mapReach = 20_037_726.37
        var steps = 1
        var size = reach
        while size < mapReach, steps < 64 {
            size *= 2
            steps += 1
        }
        // Two steps fewer, so that shapes near a cell's edge are covered too; cells get narrower
        // near the poles.
        steps -= 2
        if abs(latitude) > 66 { steps -= 1 }
        if abs(latitude) > 80 { steps -= 1 }
        return min(max(steps, 1), GeoHash.stepsMax)
    }

    /// Redis' test whether the shape extends past the far edge of a neighbour of `cell`.
    ///
    /// Whatever it misses, `needs` catches.
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

    /// The maximum number of cells in a grid.
    private static let gridCellsMax = 64

    /// Calls `body` with the finest cells of which at most `gridCellsMax` touch the window.
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

    /// How many rows and columns of cells at this step count touch the window.
    private func gridSize(_ steps: Int) -> (rows: Int, columns: Int) {
        let shift = UInt64(GeoHash.stepsMax - steps)
        let rows = window.rows.upperBound >> shift - window.rows.lowerBound >> shift
        let columns = window.columns.last >> shift - window.columns.first >> shift
        // If the window goes all the way round, its last cell may be its first.
        return (Int(rows) + 1, min(Int(columns) + 1, 1 << steps))
    }
}
