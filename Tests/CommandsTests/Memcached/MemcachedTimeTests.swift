import Testing

@testable import Commands

@Suite struct MemcachedTimeTests {
    @Test func `thirty days count from now, more from 1970`() {
        let now: Int64 = 1_800_000_000_000
        #expect(MemcachedTime.expiry(0, now: now) == nil)
        #expect(MemcachedTime.expiry(-1, now: now) == now - 1)
        #expect(MemcachedTime.expiry(.min, now: now) == now - 1)
        #expect(MemcachedTime.expiry(1, now: now) == now + 1000)
        #expect(MemcachedTime.expiry(2_592_000, now: now) == now + 2_592_000_000)
        #expect(MemcachedTime.expiry(2_592_001, now: now) == 2_592_001_000)
        #expect(MemcachedTime.expiry(.max, now: now) == .max)
    }
}
