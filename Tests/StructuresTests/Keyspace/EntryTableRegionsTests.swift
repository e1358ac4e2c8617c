import Primitives
import Testing

@testable import Structures

@Suite struct EntryTableRegionsTests {
    private struct Members: ~Copyable {
        var arena = Arena()
        var table = MemberTable()

        mutating func add(_ numbers: Range<Int>) {
            for number in numbers {
                Array("m\(number)".utf8).withBytes {
                    table.insert($0, arena.hasher($0), &arena)
                }
            }
        }

        mutating func remove(_ numbers: Range<Int>) {
            for number in numbers {
                let found = Array("m\(number)".utf8).withBytes {
                    table.table.find($0, arena.hasher($0), arena)
                }
                if let found { table.remove(found, &arena) }
            }
        }
    }

    @Test(arguments: [0, 1, 700, 3000, 20_000], [1, 10, 1000, 5000])
    func `each member is in one region, however the table has grown or shrunk`(
        _ added: Int,
        _ kept: Int
    ) {
        var members = Members()
        members.add(0..<5000)
        let regions = members.table.table.regions
        members.remove(kept..<5000)
        members.add(5000..<5000 + added)
        var seen: [String: Int] = [:]
        for region in 0..<regions.count {
            members.table.table.forEach(inRegion: region, of: regions, members.arena) { entry in
                seen[entry.key.string, default: 0] += 1
                let own = regions.region(of: members.arena.hasher(entry.key))
                #expect(own == region)
            }
        }
        #expect(seen.count == kept + added)
        #expect(seen.values.allSatisfy { $0 == 1 })
    }

    @Test func `an empty table has no members in any region`() {
        var members = Members()
        members.add(0..<100)
        let regions = members.table.table.regions
        members.remove(0..<100)
        var count = 0
        for region in 0..<regions.count {
            members.table.table.forEach(inRegion: region, of: regions, members.arena) { _ in
                count += 1
            }
        }
        #expect(count == 0)
    }
}
