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
    public func distance(to other: GeoPoint) -> Double {
        let half = sin((other.longitude * GeoPoint.radians - longitude * GeoPoint.radians) / 2)
        guard half != 0 else { return distance(toLatitude: other.latitude) }
        let from = latitude * GeoPoint.radians
        let to = other.latitude * GeoPoint.radians
        let rise = sin((to - from) / 2)
        return 2 * GeoPoint.earthRadius
            * asin((rise * rise + cos(from) * cos(to) * half * half).squareRoot())
    }

    /// Metres along the meridian to `latitude`.
    func distance(toLatitude other: Double) -> Double {
        GeoPoint.earthRadius * abs(other * GeoPoint.radians - latitude * GeoPoint.radians)
    }
}
