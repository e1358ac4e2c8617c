internal import Glibc

/// A place on the earth, in degrees.
public struct GeoPoint: Equatable, Sendable {
    /// East of Greenwich, -180 to 180.
    public var longitude: Double
    /// North of the equator, -90 to 90.
    public var latitude: Double

    /// Metres from the centre of the earth, as Redis has them.
    static let earthRadius = 6_372_797.560856
    /// Radians in a degree.
    static let radians = Double.pi / 180

    /// Joins the two.
    public init(longitude: Double, latitude: Double) {
        self.longitude = longitude
        self.latitude = latitude
    }

    /// Whether a geohash cell can tell it: the poles have none.
    public var hasCell: Bool {
        GeoHash.world.longitude.contains(longitude) && GeoHash.world.latitude.contains(latitude)
    }

    /// Metres to `other` over the surface of a sphere, by the haversine formula.
    public func distance(to other: GeoPoint) -> Double { GeoOrigin(self).distance(to: other) }

    /// Metres along the meridian to `latitude`.
    func distance(toLatitude other: Double) -> Double {
        GeoPoint.earthRadius * abs(other * GeoPoint.radians - latitude * GeoPoint.radians)
    }
}

/// A place from which many distances are measured, in radians.
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
