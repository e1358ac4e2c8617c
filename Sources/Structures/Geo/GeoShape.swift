internal import Glibc

/// A region to search: a circle or box around a centre, or a polygon.
public struct GeoShape: Sendable {
    /// The form and its size in metres.
    public enum Form: Sendable {
        /// All points within `radius` of the centre.
        case circle(radius: Double)
        /// All points within half the width and half the height of the centre.
        case box(width: Double, height: Double)
        /// All points within the outline, which has at least three corners.
        case polygon([GeoPoint])
    }

    /// The point from which distances are measured.
    public let center: GeoPoint
    /// The form.
    public let form: Form
    private let origin: GeoOrigin

    /// Creates a shape from a centre and a form.
    public init(center: GeoPoint, form: Form) {
        self.center = center
        self.form = form
        origin = GeoOrigin(center)
    }

    /// Creates a polygon, centred on the mean of its corners.
    public init(polygon corners: [GeoPoint]) {
        let share = 1 / Double(max(corners.count, 1))
        let center = GeoPoint(
            longitude: corners.reduce(0) { $0 + $1.longitude * share },
            latitude: corners.reduce(0) { $0 + $1.latitude * share }
        )
        self.init(center: center, form: .polygon(corners))
    }

    // MARK: Containing

    /// The distance in metres from the centre to `point`, or nil if the point lies outside.
    public func distance(to point: GeoPoint) -> Double? {
        switch form {
        case .circle(let radius):
            // A point is at least as far away as its latitude, so most points outside are rejected
            // without trigonometry. The slack far exceeds any rounding error.
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

    /// The south-western and north-eastern corners of the polygon's bounding box.
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

    /// The approximate radius in metres of a circle around the centre that contains the shape.
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
