import Primitives
import Testing

@Suite struct DecimalTextTests {
    private func read(_ text: String) -> Int64? {
        Array(text.utf8).withBytes { DecimalText.integer($0) }
    }

    private func written(_ value: Int64) -> String {
        var buffer = ByteBuffer()
        buffer.append(decimal: value)
        return buffer.bytes.string
    }

    static let edges: [Int64] = [
        0, 1, -1, 9, 10, -10, 99, 100, 999, 1000, 9999, 10_000, 99_999, 100_000,
        .max, .min, .max - 1, .min + 1, Int64(Int32.max), Int64(Int32.min),
    ]

    @Test(arguments: edges)
    func `numbers are written as they are read`(value: Int64) {
        let text = written(value)
        #expect(text == String(value))
        #expect(DecimalText.byteCount(value) == text.utf8.count)
        #expect(read(text) == value)
    }

    @Test func `every power of ten and its neighbours are printed and read`() {
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            for value in [power - 1, power, power + 1, -power, -power - 1] {
                #expect(written(value) == String(value))
                #expect(read(String(value)) == value)
            }
        }
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "0x1", "1e3", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "99999999999999999999",
        "1234567890123456789012", "a", "/", ":", "1\u{0}",
    ])
    func `text that would not print the same is not a number`(text: String) {
        #expect(read(text) == nil)
    }

    @Test func `random numbers are printed correctly`() {
        var random = FastRandom(seed: 7)
        for _ in 0..<20_000 {
            let value = Int64(bitPattern: random.next()) >> Int64(random.below(64))
            #expect(written(value) == String(value))
            #expect(read(String(value)) == value)
        }
    }
}
