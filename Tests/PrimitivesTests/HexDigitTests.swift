import Primitives
import Testing

@Suite struct HexDigitTests {
    @Test func `digits of either case have values, other bytes have none`() {
        let values = (0...255).map { HexDigit.value(UInt8($0)) }
        for (index, letter) in "0123456789abcdef".utf8.enumerated() {
            #expect(values[Int(letter)] == UInt8(index))
        }
        #expect(values[Int(UInt8(ascii: "A"))] == 10 && values[Int(UInt8(ascii: "F"))] == 15)
        #expect(values.filter { $0 != nil }.count == 22)
    }
}
