import Primitives
import Testing

@testable import Server

@Suite struct TrackedKeysTests {
    private static let hasher = KeyHasher()

    private static func tracker(_ number: UInt64) -> Tracker {
        Tracker(ClientAddress(worker: 0, descriptor: 1, session: number))
    }

    @Test func `the table agrees with a model over a long random history`() {
        let table = TrackedKeys()
        let trackers = (0..<40).map { Self.tracker($0) }
        var model: [[UInt8]: Set<UInt64>] = [:]
        var random = FastRandom(seed: 5)
        for _ in 0..<20_000 {
            let key = Array("k\(random.next() % 50)".utf8)
            let hash = key.withBytes { Self.hasher($0) }
            switch random.next() % 20 {
            case 0:
                let found = key.withBytes { table.remove($0, hash) }
                let expected = model.removeValue(forKey: key) ?? []
                #expect(Set(found.map(\.address.session)) == expected)
            case 1:
                let victim = table.removeAny(random.next())
                #expect((victim == nil) == model.isEmpty)
                guard let victim else { continue }
                let sessions = Set(victim.trackers.map(\.address.session))
                let expected = model.removeValue(forKey: victim.key)
                #expect(sessions == expected)
            default:
                let tracker = trackers[Int(random.next() % 40)]
                key.withBytes { table.insert($0, hash, tracker) }
                model[key, default: []].insert(tracker.address.session)
            }
            #expect(table.count == model.count)
            #expect(table.itemCount == model.values.reduce(0) { $0 + $1.count })
        }
        table.removeAll()
        #expect(table.count == 0 && table.itemCount == 0 && table.removeAny(1) == nil)
    }
}
