import Glibc
import Primitives
import Testing

@testable import Structures

@Suite struct GeoCoverTests {
    /// Points all over the globe, many near the poles, the date line and the map's edges.
    private static func places(_ random: inout FastRandom, _ count: Int) -> [GeoPoint] {
        let edges = [-180.0, 180, 179.999_999, -179.999_999, 0, 90, -90]
        let ends = [85.05112878, -85.05112878, 85, -85, 84.9, 0]
        return (0..<count).map { _ in
            var place = GeoHashTests.point(&random)
            if random.below(8) == 0 { place.longitude = edges[random.below(edges.count)] }
            if random.below(8) == 0 { place.latitude = ends[random.below(ends.count)] }
            return place
        }
    }

    private static func shape(_ random: inout FastRandom, _ form: Int) -> GeoShape {
        let center = places(&random, 1)[0]
        let sizes = [
            0.0, 100, 20_000, 500_000, 1_000_000, 2_400_000, 5_000_000, 9_000_000, 12_000_000,
            20_000_000, 40_000_000, .infinity,
        ]
        func size() -> Double {
            sizes[random.below(sizes.count)] * Double(1 + random.below(1_000)) / 700
        }
        switch form {
        case 1: return GeoShape(center: center, form: .circle(radius: size()))
        case 2: return GeoShape(center: center, form: .box(width: size(), height: size()))
        default: return GeoShape(polygon: places(&random, 3 + random.below(4)))
        }
    }

    @Test(arguments: [1, 2, 3])
    func `a search over the whole globe finds everything in a shape, once`(
        form: Int
    ) {
        var random = FastRandom(seed: UInt64(form) * 77)
        let places = GeoCoverTests.places(&random, 3_000)
        let cells = places.map { GeoHash($0) }.sorted { $0.bits < $1.bits }
        var held = 0
        for _ in 0..<1_000 {
            let shape = GeoCoverTests.shape(&random, form)
            let window = GeoWindow(shape)
            var met: [UInt64] = []
            GeoCover(shape, window).forEachRange { range in
                var low = 0
                var high = cells.count
                while low < high {
                    let middle = (low + high) / 2
                    if cells[middle].bits < range.lowerBound {
                        low = middle + 1
                    } else {
                        high = middle
                    }
                }
                while low < cells.count, cells[low].bits < range.upperBound {
                    if window.mayHold(cells[low].bits), shape.distance(to: cells[low].center) != nil
                    {
                        met.append(cells[low].bits)
                    }
                    low += 1
                }
                return true
            }
            let within = cells.filter { shape.distance(to: $0.center) != nil }.map(\.bits)
            held += within.count
            #expect(met.sorted() == within)
        }
        #expect(held > 50_000)
    }

    @Test func `a shape is covered by a few cells`() {
        var random = FastRandom(seed: 5)
        for _ in 0..<2_000 {
            let shape = GeoCoverTests.shape(&random, 1 + random.below(3))
            var count = 0
            GeoCover(shape, GeoWindow(shape)).forEachRange { _ in
                count += 1
                return true
            }
            #expect(count > 0 && count <= 65)
        }
    }

    @Test func `near a pole and the date line, little more than the shape is searched`() {
        let places = [(0.0, 84.0, 500_000.0), (180, 10, 300_000), (-179.9, -60, 900_000)]
        for (longitude, latitude, radius) in places {
            let center = GeoPoint(longitude: longitude, latitude: latitude)
            let shape = GeoShape(center: center, form: .circle(radius: radius))
            var share = 0.0
            GeoCover(shape, GeoWindow(shape)).forEachRange { range in
                if range != GeoHash.scoresAtUpperEnds {
                    share += Double(range.count) / Double(UInt64(1) << 52)
                }
                return true
            }
            #expect(share < 0.15)
        }
    }

    @Test func `the search ends where requested`() {
        let shape = GeoShape(
            center: GeoPoint(longitude: 0, latitude: 0),
            form: .circle(radius: 3_000_000)
        )
        var count = 0
        GeoCover(shape, GeoWindow(shape)).forEachRange { _ in
            count += 1
            return count < 2
        }
        #expect(count == 2)
    }
}
