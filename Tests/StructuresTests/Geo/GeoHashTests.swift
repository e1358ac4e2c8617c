import Primitives
import Testing

@testable import Structures

@Suite struct GeoHashTests {
    static func point(_ random: inout FastRandom) -> GeoPoint {
        func share() -> Double { Double(random.below(1_000_001)) / 1_000_000 }
        return GeoPoint(longitude: share() * 360 - 180, latitude: share() * 170 - 85)
    }

    @Test func `Palermo has the cell that Redis gives it`() {
        let hash = GeoHash(GeoPoint(longitude: 13.361389, latitude: 38.115556))
        #expect(hash.bits == 3_479_099_956_230_698)
        #expect(hash.center.longitude == 13.361389338970184)
        let text = GeoHash.text(hash.center)
        let letters = (0..<GeoHash.textByteCount).map { text[$0] }
        #expect(letters == Array("sqc8b49rny0".utf8))
    }

    @Test func `a cell contains its point, and its centre is in the same cell`() {
        var random = FastRandom(seed: 1)
        for _ in 0..<20_000 {
            let point = GeoHashTests.point(&random)
            let hash = GeoHash(point, steps: 1 + random.below(26))
            let (least, greatest) = hash.corners
            #expect(least.longitude <= point.longitude && point.longitude <= greatest.longitude)
            #expect(least.latitude <= point.latitude && point.latitude <= greatest.latitude)
            #expect(GeoHash(hash.center, steps: hash.steps) == hash)
            #expect(hash.scores.contains(GeoHash(hash.center).bits))
        }
    }

    @Test func `neighbours are a cell away, and there and back is the same cell`() {
        var random = FastRandom(seed: 2)
        for _ in 0..<20_000 {
            let hash = GeoHash(GeoHashTests.point(&random), steps: 3 + random.below(24))
            let (east, north) = (random.below(3) - 1, random.below(3) - 1)
            let other = hash.neighbour(east: east, north: north)
            #expect(other.neighbour(east: -east, north: -north) == hash)
            let width = hash.corners.greatest.longitude - hash.corners.least.longitude
            let moved = (other.center.longitude - hash.center.longitude) / width
            let cells = Double(UInt64(1) << UInt64(hash.steps))
            let isWrapped = abs(moved) > 2
            let expected = isWrapped ? Double(east) - Double(east) * cells : Double(east)
            #expect(abs(moved - expected) < 1e-3)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `the cells that cover a shape contain everything in it`(form: Int) {
        var random = FastRandom(seed: UInt64(form))
        for _ in 0..<300 {
            let center = GeoPoint(
                longitude: Double(random.below(340)) - 170,
                latitude: Double(random.below(140)) - 70
            )
            let size = [100.0, 5_000, 200_000, 1_500_000][random.below(4)]
            let shape: GeoShape
            switch form {
            case 1: shape = GeoShape(center: center, form: .circle(radius: size))
            case 2:
                shape = GeoShape(center: center, form: .box(width: size, height: size * 1.5))
            default:
                let step = size / 111_000
                shape = GeoShape(polygon: [
                    center, GeoPoint(longitude: center.longitude + step, latitude: center.latitude),
                    GeoPoint(longitude: center.longitude, latitude: center.latitude + step),
                ])
            }
            let window = GeoWindow(shape)
            var ranges: [Range<UInt64>] = []
            GeoCover(shape, window).forEachRange {
                ranges.append($0)
                return true
            }
            let spread = size / 40_000
            func near(_ degrees: Double) -> Double {
                degrees + (Double(random.below(2_001)) / 1_000 - 1) * spread
            }
            for _ in 0..<100 {
                let place = GeoPoint(
                    longitude: near(center.longitude),
                    latitude: near(center.latitude)
                )
                guard place.hasCell else { continue }
                let cell = GeoHash(place)
                guard shape.distance(to: cell.center) != nil else { continue }
                #expect(ranges.contains { $0.contains(cell.bits) })
                #expect(window.mayHold(cell.bits))
            }
        }
    }

    @Test func `a window contains its shape, even at the poles and the date line`() {
        var random = FastRandom(seed: 9)
        var held = 0
        for _ in 0..<2_000 {
            let center = GeoHashTests.point(&random)
            let size = [1_000.0, 300_000, 2_000_000, 11_000_000, 30_000_000][random.below(5)]
            let form: GeoShape.Form =
                random.below(2) == 0
                ? .circle(radius: size) : .box(width: size, height: size / 2)
            let shape = GeoShape(center: center, form: form)
            let window = GeoWindow(shape)
            for _ in 0..<20 {
                var place = GeoHashTests.point(&random)
                if random.below(2) == 0 {
                    place.latitude = center.latitude + (place.latitude / 85 * size / 120_000)
                    place.longitude = center.longitude + (place.longitude / 180 * size / 90_000)
                }
                guard place.hasCell else { continue }
                let cell = GeoHash(place)
                guard shape.distance(to: cell.center) != nil else { continue }
                #expect(window.mayHold(cell.bits))
                held += 1
            }
        }
        #expect(held > 5_000)
        let small = GeoWindow(GeoShape(center: center(15, 37), form: .circle(radius: 200_000)))
        #expect(!small.mayHold(GeoHash(center(18, 37)).bits))
        #expect(!small.mayHold(GeoHash(center(15, 39)).bits))
        #expect(small.mayHold(1 << 60))
    }

    private func center(_ longitude: Double, _ latitude: Double) -> GeoPoint {
        GeoPoint(longitude: longitude, latitude: latitude)
    }

    @Test func `scores that are not cells still map to cells`() {
        for score in [-1, -.infinity, .infinity, 1e300, -1e300, 0.5, 9.3e18] {
            let center = GeoHash(score: score).center
            #expect(center.hasCell)
        }
    }
}
