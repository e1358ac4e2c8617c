import Primitives
import Testing

@testable import Server

@Suite struct IncomingBlockTests {
    @Test func `a word takes memory only as it arrives`() {
        let word = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        word.withBytes { bytes in
            guard let incoming = IncomingBlock(length: bytes.count, have: 10) else {
                Issue.record("there is memory")
                return
            }
            #expect(incoming.block.capacity < 1 << 20)
            var at = 0
            while incoming.left > 0 {
                let part = bytes[at..<min(at + 70_001, bytes.count)]
                #expect(incoming.append(part))
                at += part.count
                #expect(incoming.block.capacity <= max(2 * at, 1 << 18))
            }
            #expect(incoming.block.bytes == bytes && incoming.block.capacity == bytes.count)
        }
    }

    @Test func `an impossible length does no harm`() {
        let incoming = IncomingBlock(length: .max, have: 0)
        #expect(incoming?.block.capacity == 256 * 1024)
        #expect(incoming?.makeRoom() == true)
        #expect(incoming?.left == .max)
    }
}
