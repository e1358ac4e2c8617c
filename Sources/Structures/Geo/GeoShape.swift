internal import Glibc

/// A region to search: a circle or a box round a centre, or a polygon.
public struct GeoShape: Sendable {
    /// The form, with its measures in metres.
    public enum Form: Sendable {
        /// All within `radius`.
        case circle(radius: Double)
        /// All within half the measures to each side.
        case box(width: Double, height: Double)
        /// All within the outline; at least three corners.
        case polygon([GeoPoint])
    }

    /// Where distances are measured from.
    public let center: GeoPoint
    /// The form.
    public let form: Form
    private let origin: GeoOrigin

    /// Joins a centre and a form.
    public init(center: GeoPoint, form: Form) {
        self.center = center
        self.form = form
        origin = GeoOrigin(center)
    }

    /// The polygon with these corners, its centre amid them.
    public init(polygon corners: [GeoPoint]) {
        let share = 1 / Double(max(corners.count, 1))
        let center = GeoPoint(
            longitude: corners.reduce(0) { $0 + $1.longitude * share },
            latitude: corners.reduce(0) { $0 + $1.latitude * share }
        )
        self.init(center: center, form: .polygon(corners))
    }

    // MARK: Containing

    /// Metres from the centre to `point`, or nil when it lies outside.
    public func distance(to point: GeoPoint) -> Double? {
        switch form {
        case .circle(let radius):
            // No place is nearer than its latitude: most that lie outside go without trigonometry.
            // The slack is far beyond what rounding may do.
            guard center.distance(toLatitude: point.latitude) <= radius * (1 + 1e-9) + 1e-3 else {
                return nil
            }
            let distance = origin.distance(to: point)
            return distance <= radius ? distance : nil
        case .box(let width, let height):
            guard point.distance(toLatitude: center.latitude) <= height / 2 else { return nil }
            let besides = GeoPoint(longitude: center.longitude, latitude: point.latitude)
            guard point.distance(to: besides) <= width / 2 else { return nil }
            return origin.distance(to: point)
        case .polygon(let corners):
            return GeoShape.encloses(corners, point) ? origin.distance(to: point) : nil
        }
    }

    /// Whether a ray from `point` to the east crosses the outline an odd number of times.
    private static func encloses(_ corners: [GeoPoint], _ point: GeoPoint) -> Bool {
        var isInside = false
        var last = corners.count - 1
        for index in corners.indices {
            let (a, b) = (corners[index], corners[last])
            last = index
            guard (a.latitude > point.latitude) != (b.latitude > point.latitude) else { continue }
            let share = (point.latitude - a.latitude) / (b.latitude - a.latitude)
            if point.longitude < a.longitude + share * (b.longitude - a.longitude) {
                isInside.toggle()
            }
        }
        return isInside
    }

    // MARK: Covering

    /// The corners of a box round the shape: south-west and north-east.
    var bounds: (least: GeoPoint, greatest: GeoPoint) {
        switch form {
        case .circle(let radius): return bounds(width: radius, height: radius)
        case .box(let width, let height): return bounds(width: width / 2, height: height / 2)
        case .polygon(let corners):
            var (least, greatest) = (center, center)
            for corner in corners {
                least.longitude = min(least.longitude, corner.longitude)
                least.latitude = min(least.latitude, corner.latitude)
                greatest.longitude = max(greatest.longitude, corner.longitude)
                greatest.latitude = max(greatest.latitude, corner.latitude)
            }
            return (least, greatest)
        }
    }

    private func bounds(width: Double, height: Double) -> (least: GeoPoint, greatest: GeoPoint) {
        let rise = height / GeoPoint.earthRadius / GeoPoint.radians
        // A degree of longitude is shortest on the side of the pole.
        let edge = center.latitude < 0 ? center.latitude - rise : center.latitude + rise
        let turn = width / GeoPoint.earthRadius / cos(edge * GeoPoint.radians) / GeoPoint.radians
        return (
            GeoPoint(longitude: center.longitude - turn, latitude: center.latitude - rise),
            GeoPoint(longitude: center.longitude + turn, latitude: center.latitude + rise)
        )
    }

    /// Metres from the centre within which the whole shape lies.
    private var reach: Double {
        switch form {
        case .circle(let radius): return radius
        case .box(let width, let height):
            return (width / 2 * (width / 2) + height / 2 * (height / 2)).squareRoot()
        case .polygon(let corners):
            return corners.reduce(0) { max($0, center.distance(to: $1)) }
        }
    }

    /// The steps of cells so large that nine of them cover a circle of `reach` metres.
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

    /// Where the nine cells stand, in the order in which they are searched.
    private static let places = [
        (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
    ]

    /// Calls `body` with up to nine cells that cover the shape, until it says false: the one in
    /// the middle, north, south, east, west, and the corners.
    public func forEachCell(_ body: (GeoHash) -> Bool) {
        let bounds = bounds
        var steps = GeoShape.steps(reach: reach, latitude: center.latitude)
        var middle = GeoHash(center, steps: steps)
        if steps > 1, isBeyondNeighbours(of: middle) {
            steps -= 1
            middle = GeoHash(center, steps: steps)
        }
        let (least, greatest) = middle.corners
        // Where the middle cell reaches as far as the shape, its neighbour there is not needed.
        let isCut = steps >= 2
        let needsSouth = !(isCut && least.latitude < bounds.least.latitude)
        let needsNorth = !(isCut && greatest.latitude > bounds.greatest.latitude)
        let needsWest = !(isCut && least.longitude < bounds.least.longitude)
        let needsEast = !(isCut && greatest.longitude > bounds.greatest.longitude)
        var last: GeoHash?
        for (east, north) in GeoShape.places {
            if north < 0 && !needsSouth || north > 0 && !needsNorth { continue }
            if east < 0 && !needsWest || east > 0 && !needsEast { continue }
            let cell = middle.neighbour(east: east, north: north)
            // A grid of a few cells has the same neighbour on both sides.
            guard cell != last else { continue }
            guard body(cell) else { return }
            last = cell
        }
    }

    /// Whether the shape reaches over the far edge of one of the neighbours of `cell`.
    private func isBeyondNeighbours(of cell: GeoHash) -> Bool {
        let north = cell.neighbour(east: 0, north: 1).corners.greatest.latitude
        let south = cell.neighbour(east: 0, north: -1).corners.least.latitude
        let east = cell.neighbour(east: 1, north: 0).corners.greatest.longitude
        let west = cell.neighbour(east: -1, north: 0).corners.least.longitude
        let reach = reach
        return center.distance(toLatitude: north) < reach
            || center.distance(toLatitude: south) < reach
            || center.distance(to: GeoPoint(longitude: east, latitude: center.latitude)) < reach
            || center.distance(to: GeoPoint(longitude: west, latitude: center.latitude)) < reach
    }
}
