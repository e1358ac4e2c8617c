import Primitives
import Testing

@testable import Server

@Suite struct BroadcastTests {
    private static let hasher = KeyHasher()

    private static func tracker(_ number: UInt64, _ mode: Tracker.Mode = .broadcasts) -> Tracker {
        let tracker = Tracker(ClientAddress(worker: 0, descriptor: 1, session: number))
        tracker.set(mode, target: 0)
        return tracker
    }

    @Test func `each client is told once of its prefix, and not of what it did if it wants so`() {
        var prefixes = TrackedPrefixes()
        let all = Self.tracker(1)
        let users = Self.tracker(2)
        let quiet = Self.tracker(3, [.broadcasts, .skipsOwn])
        prefixes.insert([], all)
        prefixes.insert(Array("user:".utf8), users)
        prefixes.insert(Array("user:".utf8), quiet)
        var broadcast = Broadcast()
        for (key, session) in [("user:1", 3), ("user:2", 4), ("x", 3), ("user:2", 4)] {
            Array(key.utf8).withBytes { broadcast.note($0, Self.hasher($0), by: UInt64(session)) }
        }
        var told: [UInt64: [Substring]] = [:]
        broadcast.take(prefixes) { trackers, invalidation in
            let push = invalidation.push()
            defer { push.release() }
            let parts = push.bytes.string.split(separator: "\r\n")
            let keys = parts.filter { $0.hasPrefix("user:") || $0 == "x" }
            for tracker in trackers { told[tracker.address.session, default: []] += keys }
        }
        #expect(broadcast.isEmpty)
        #expect(told[1]?.sorted() == ["user:1", "user:2", "x"])
        #expect(told[2]?.sorted() == ["user:1", "user:2"])
        #expect(told[3] == ["user:2"])
        prefixes.remove(Array("user:".utf8), users)
        prefixes.remove(Array("user:".utf8), quiet)
        prefixes.remove([], all)
        #expect(prefixes.count == 0)
    }
}
