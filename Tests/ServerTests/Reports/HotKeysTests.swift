import Primitives
import Testing

@testable import Server

@Suite struct HotKeysTests {
    private func note(_ hotKeys: HotKeys, _ keys: StaticString..., bytes: UInt64 = 10) {
        hotKeys.note(microseconds: 1, bytes: bytes) { body in
            for key in keys { body(Bytes(key)) }
        }
    }

    @Test func `keys are tracked from start to stop`() {
        let hotKeys = HotKeys()
        note(hotKeys, "early")
        #expect(hotKeys.found == nil && !hotKeys.stop(now: 0))
        #expect(hotKeys.start(HotKeys.Plan(countsBytes: true), now: 1))
        #expect(!hotKeys.start(HotKeys.Plan(countsBytes: true), now: 2) && !hotKeys.reset())
        note(hotKeys, "a", "b")
        note(hotKeys, "a")
        #expect(hotKeys.stop(now: 5) && !hotKeys.stop(now: 6))
        note(hotKeys, "late")
        let found = hotKeys.found
        #expect(found?.byBytes.top(9).map(\.amount) == [20, 10] && found?.bytes == 20)
        #expect(found?.byTime.top(9).isEmpty == true && found?.endedAt == 5)
        #expect(hotKeys.reset() && hotKeys.found == nil)
    }

    @Test func `tracking ends after its duration`() {
        let hotKeys = HotKeys()
        #expect(hotKeys.start(HotKeys.Plan(countsTime: true, duration: 100), now: 50))
        #expect(!hotKeys.isOver(now: 149) && hotKeys.isOver(now: 150))
        #expect(hotKeys.stop(now: 150) && !hotKeys.isOver(now: 200))
    }
}
