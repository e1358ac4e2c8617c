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

    /// The corners of a box round a polygon: south-west and north-east.
    var bounds: (least: GeoPoint, greatest: GeoPoint) {
        var (least, greatest) = (center, center)
        guard case .polygon(let corners) = form else { return (least, greatest) }
        for corner in corners {
            least.longitude = min(least.longitude, corner.longitude)
            least.latitude = min(least.latitude, corner.latitude)
            greatest.longitude = max(greatest.longitude, corner.longitude)
            greatest.latitude = max(greatest.latitude, corner.latitude)
        }
        return (least, greatest)
    }

    /// Metres from the centre within which the whole shape lies, about.
    var reach: Double {
        switch form {
        case .circle(let radius): return radius
        case .box(let width, let height):
            return (width / 2 * (width / 2) + height / 2 * (height / 2)).squareRoot()
        case .polygon(let corners):
            return corners.reduce(0) { max($0, center.distance(to: $1)) }
        }
    }
}
