import Primitives
import Testing

@Suite struct FloatTextTests {
    private func written(_ value: Double) -> String {
        var buffer = ByteBuffer(capacity: FloatText.byteCountMax)
        buffer.commit(unsafe FloatText.write(value, to: buffer.room(FloatText.byteCountMax)))
        return buffer.bytes.string
    }

    private func read(_ text: String) -> Double? {
        Array(text.utf8).withBytes { FloatText.number($0) }
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "-0"), (1, "1"), (-1, "-1"), (1.5, "1.5"), (0.1, "0.1"),
            (-0.25, "-0.25"), (1e15, "1000000000000000"), (1e17, "100000000000000000"),
            (0x1p62, "4611686018427387904"), (5e18, "5e+18"), (1e19, "1e+19"),
            (12345678901234567168, "12345678901234567000"), (1.5e300, "1.5e+300"),
            (1e-5, "0.00001"), (1e-6, "0.000001"), (1e-7, "1e-7"), (1.5e-6, "1.5e-6"),
            (1.25e-5, "1.25e-5"), (0.00125, "0.00125"), (3.0e-10, "3e-10"),
            (.leastNonzeroMagnitude, "5e-324"),
            (123456.789, "123456.789"), (1234.5678901, "1234.5678901"),
            (12345.6789012, "1.23456789012e+4"), (1658149087.123456, "1658149087.123456"),
            (.infinity, "inf"), (-.infinity, "-inf"),
            (9007199254740992, "9007199254740992"), (0.30000000000000004, "0.30000000000000004"),
        ] as [(Double, String)]
    )
    func `numbers are written as in Redis 7.2 and later`(value: Double, text: String) {
        #expect(written(value) == text)
    }

    @Test func `what is written reads back the same`() {
        var random = FastRandom(seed: 5)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            #expect(read(written(value))?.bitPattern == value.bitPattern)
            let short = (value.truncatingRemainder(dividingBy: 1e6) * 100).rounded() / 100
            #expect(read(written(short))?.bitPattern == short.bitPattern)
        }
    }

    @Test(arguments: ["", " 1", "1 ", "abc", "nan", "1e400", "1,5", "0x", "--1", "1e"])
    func `text that is not a number is rejected`(text: String) {
        #expect(read(text) == nil)
    }

    @Test func `sums are computed in long double precision`() throws {
        var room = ByteBuffer(capacity: FloatText.sumByteCountMax)
        let left = Array("10.50".utf8)
        let right = Array("0.1".utf8)
        try left.withBytes { left in
            try right.withBytes { right in
                room.commit(
                    try unsafe FloatText.writeSum(
                        left,
                        right,
                        to: room.room(FloatText.sumByteCountMax)
                    )
                )
            }
        }
        #expect(room.bytes.string == "10.6")
    }
}
