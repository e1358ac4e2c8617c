import Primitives
import Testing

@testable import Persistence

@Suite struct CRC64Tests {
    @Test func `the checksum of 123456789 is the published value`() {
        let sum = Array("123456789".utf8).withBytes { CRC64.of($0) }
        #expect(sum == 0xE9C6_D914_C4B8_D9CA)
        #expect(CRC64.of(Bytes()) == 0)
    }

    @Test func `a checksum may be computed in parts`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 3) }
        let whole = bytes.withBytes { CRC64.of($0) }
        for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
            var sum = CRC64()
            bytes.withBytes {
                sum.append($0[0..<cut])
                sum.append($0.dropFirst(cut))
            }
            #expect(sum.value == whole)
        }
    }
}
