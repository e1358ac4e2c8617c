internal import Primitives

/// A cell of a grid over the earth, made by halving longitude and latitude alternately.
///
/// ```text
/// steps 1         steps 2                      bits, from the top:
/// ┌────┬────┐     ┌──┬──┬──┬──┐
/// │ 01 │ 11 │     │  │  │  │  │                longitude latitude longitude latitude …
/// ├────┼────┤     ├──┼──┼──┼──┤                odd bits, even bits
/// │ 00 │ 10 │     │  │ 0011 …  │
/// └────┴────┘     └──┴──┴──┴──┘
/// ```
/// Nearby cells often have nearby numbers, so a region is covered by a few ranges of them. A cell
/// of 26 steps has 52 bits, which the score of a sorted set represents exactly.
public struct GeoHash: Equatable, Sendable {
    /// How often each axis is halved.
    public var steps: Int
    /// The cell's number.
    public var bits: UInt64

    /// The maximum number of steps, used for scores.
    public static let stepsMax = 26

    /// The area that is divided into cells.
    public struct Grid: Sendable {
        /// The longitudes, from west to east.
        public let longitude: ClosedRange<Double>
        /// The latitudes, from south to north.
        public let latitude: ClosedRange<Double>
    }

    /// The grid used for scores: a square map, cut off at the latitudes where Web Mercator ends.
    public static let world = Grid(
        longitude: -180...180,
        latitude: -85.05112878...85.05112878
    )
    /// The grid used for geohash strings.
    static let globe = Grid(longitude: -180...180, latitude: -90...90)

    /// Creates a cell from its number and step count.
    public init(bits: UInt64, steps: Int) {
        self.bits = bits
        self.steps = steps
    }

    /// The cell that contains `point`.
    ///
    /// A point on the upper end of an axis gets a number beyond all cells.
    public init(_ point: GeoPoint, steps: Int = GeoHash.stepsMax, in grid: Grid = GeoHash.world) {
        func place(_ value: Double, _ range: ClosedRange<Double>) -> UInt64 {
            let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            return UInt64(UInt32(share * Double(UInt64(1) << UInt64(steps))))
        }
        self.steps = steps
        bits =
            GeoHash.spread(place(point.latitude, grid.latitude))
            | GeoHash.spread(place(point.longitude, grid.longitude)) << 1
    }

    /// The cell that a score encodes; any score yields some cell.
    public init(score: Double) {
        let whole = score.rounded(.towardZero)
        let signed = Int64(exactly: whole).map { UInt64(bitPattern: $0) }
        bits = signed ?? UInt64(exactly: whole) ?? 1 << 63
        steps = GeoHash.stepsMax
    }

    /// Spreads the bits of a 32-bit number, with a zero before each.
    static func spread(_ number: UInt64) -> UInt64 {
        var x = number
        x = (x | x << 16) & 0x0000_FFFF_0000_FFFF
        x = (x | x << 8) & 0x00FF_00FF_00FF_00FF
        x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F
        x = (x | x << 2) & 0x3333_3333_3333_3333
        return (x | x << 1) & 0x5555_5555_5555_5555
    }

    /// Gathers every other bit, starting from the lowest; the inverse of `spread`.
    static func gather(_ bits: UInt64) -> UInt64 {
        var x = bits & 0x5555_5555_5555_5555
        x = (x | x >> 1) & 0x3333_3333_3333_3333
        x = (x | x >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        x = (x | x >> 4) & 0x00FF_00FF_00FF_00FF
        x = (x | x >> 8) & 0x0000_FFFF_0000_FFFF
        return (x | x >> 16) & 0x0000_0000_FFFF_FFFF
    }

    // MARK: Coordinates

    /// The number of the cell's row, from south to north.
    var row: UInt64 { GeoHash.gather(bits) }
    /// The number of the cell's column, from west to east.
    var column: UInt64 { GeoHash.gather(bits >> 1) }

    /// The scores of points on the eastern or northern end of the map.
    static let scoresAtUpperEnds: Range<UInt64> = 1 << 52..<1 << 54

    /// The south-western and north-eastern corners of the cell.
    public var corners: (least: GeoPoint, greatest: GeoPoint) {
        func edges(_ place: UInt64, _ range: ClosedRange<Double>) -> (Double, Double) {
            let size = range.upperBound - range.lowerBound
            // The share of one cell is a power of two, so it is exact.
            let share = 1 / Double(UInt64(1) << UInt64(steps))
            return (
                range.lowerBound + Double(place) * share * size,
                range.lowerBound + Double(place + 1) * share * size
            )
        }
        let north = edges(GeoHash.gather(bits), GeoHash.world.latitude)
        let east = edges(GeoHash.gather(bits >> 1), GeoHash.world.longitude)
        return (
            GeoPoint(longitude: east.0, latitude: north.0),
            GeoPoint(longitude: east.1, latitude: north.1)
        )
    }

    /// The centre of the cell, clamped to the grid.
    public var center: GeoPoint {
        let (least, greatest) = corners
        func middle(_ a: Double, _ b: Double, _ range: ClosedRange<Double>) -> Double {
            min(max((a + b) / 2, range.lowerBound), range.upperBound)
        }
        return GeoPoint(
            longitude: middle(least.longitude, greatest.longitude, GeoHash.world.longitude),
            latitude: middle(least.latitude, greatest.latitude, GeoHash.world.latitude)
        )
    }

    /// The scores of all 26-step cells within this one.
    public var scores: Range<UInt64> {
        let shift = UInt64(52 - 2 * steps)
        return bits << shift..<(bits + 1) << shift
    }

    /// The cell `east` columns and `north` rows away, wrapping around the grid.
    public func neighbour(east: Int, north: Int) -> GeoHash {
        func move(_ place: UInt64, _ steps: Int) -> UInt64 {
            guard steps != 0 else { return place }
            return (place &+ UInt64(bitPattern: Int64(steps))) & ((1 << UInt64(self.steps)) - 1)
        }
        let row = move(GeoHash.gather(bits), north)
        let column = move(GeoHash.gather(bits >> 1), east)
        return GeoHash(bits: GeoHash.spread(row) | GeoHash.spread(column) << 1, steps: steps)
    }

    // MARK: Text

    /// The length of `text` in bytes.
    public static let textByteCount = 11

    /// The standard geohash of `point`: ten base-32 characters; the eleventh is always `0`.
    public static func text(_ point: GeoPoint) -> InlineArray<11, UInt8> {
        let letters: StaticString = "0123456789bcdefghjkmnpqrstuvwxyz"
        let alphabet = Bytes(letters)
        let bits = GeoHash(point, in: globe).bits
        var text = InlineArray<11, UInt8>(repeating: alphabet[0])
        for place in 0..<10 { text[place] = alphabet[Int(bits >> UInt64(47 - 5 * place) & 31)] }
        return text
    }
}
