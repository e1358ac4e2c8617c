internal import Glibc

/// A point on the earth, in degrees.
public struct GeoPoint: Equatable, Sendable {
    /// Degrees east of Greenwich, -180 to 180.
    public var longitude: Double
    /// Degrees north of the equator, -90 to 90.
    public var latitude: Double

    /// The earth's radius in metres, as in Redis.
    static let earthRadius = 6_372_797.560856
    /// Radians in a degree.
    static let radians = Double.pi / 180

    /// Creates a point.
    public init(longitude: Double, latitude: Double) {
        self.longitude = longitude
        self.latitude = latitude
    }

    /// Whether a geohash cell can represent it; there are none near the poles.
    public var hasCell: Bool {
        GeoHash.world.longitude.contains(longitude) && GeoHash.world.latitude.contains(latitude)
    }

    /// The great-circle distance to `other` in metres, by the haversine formula.
    public func distance(to other: GeoPoint) -> Double { GeoOrigin(self).distance(to: other) }

    /// The distance in metres along the meridian to `latitude`.
    func distance(toLatitude other: Double) -> Double {
        GeoPoint.earthRadius * abs(other * GeoPoint.radians - latitude * GeoPoint.radians)
    }
}

/// A point in radians, for measuring many distances from it.
struct GeoOrigin: Sendable {
    private let longitude: Double
    private let latitude: Double
    private let cosine: Double

    init(_ point: GeoPoint) {
        longitude = point.longitude * GeoPoint.radians
        latitude = point.latitude * GeoPoint.radians
        cosine = cos(latitude)
    }

    /// As `GeoPoint.distance`.
    func distance(to other: GeoPoint) -> Double {
        let half = sin((other.longitude * GeoPoint.radians - longitude) / 2)
        let to = other.latitude * GeoPoint.radians
        guard half != 0 else { return GeoPoint.earthRadius * abs(to - latitude) }
        let rise = sin((to - latitude) / 2)
        return 2 * GeoPoint.earthRadius
            * asin((rise * rise + cosine * cos(to) * half * half).squareRoot())
    }
}
