import Testing

@testable import Structures

@Suite struct WatchEpochTests {
    @Test func `epochs wrap around, and none of them means no epoch`() {
        var seen: Set<UInt32> = []
        var epoch = WatchEpoch.none
        for _ in 0..<200 {
            epoch = epoch.next
            #expect(epoch != .none && epoch.bits & ~WatchEpoch.mask == 0)
            seen.insert(epoch.bits)
        }
        #expect(seen.count == 63)
        #expect(WatchEpoch.none.bits == 0)
        #expect(WatchEpoch.mask & EntryTable.chained == 0)
    }
}
