import Primitives
import Testing

@Suite struct BytesTests {
    @Test func `runs compare by their bytes`() {
        let cases: [(StaticString, StaticString, Int)] = [
            ("", "", 0), ("a", "", 1), ("", "a", -1), ("abc", "abc", 0), ("abc", "abd", -1),
            ("abc", "ab", 1), ("b", "abc", 1),
        ]
        for (left, right, order) in cases {
            #expect(Bytes(left).compare(Bytes(right)).signum() == order)
            let isEqual = Bytes(left) == Bytes(right)
            #expect(isEqual == (order == 0))
        }
        let high = [UInt8]([0xFF]).withBytes { $0.compare(Bytes("a")) }
        #expect(high > 0)
    }

    @Test func `runs of any length are equal, copied and ordered as arrays are`() {
        for count in 0...70 {
            let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 5) }
            let copy = text
            let isSame = text.withBytes { one in copy.withBytes { one == $0 } }
            #expect(isSame)
            for index in 0..<count {
                var other = text
                other[index] ^= 0x10
                let isEqual = text.withBytes { one in other.withBytes { one == $0 } }
                #expect(!isEqual)
                let words = (text.withBytes { $0.leadingWord }, other.withBytes { $0.leadingWord })
                #expect((words.0 == words.1) == (index >= 8))
                #expect(index >= 8 || (words.0 < words.1) == (text[index] < other[index]))
            }
            let buffer = ByteBuffer(capacity: 72)
            buffer.cell.zero(0, 72)
            text.withBytes { unsafe $0.copyInline(to: buffer.cell.base) }
            let padding = [UInt8](repeating: 0, count: 72 - count)
            #expect(buffer.cell.bytes(0, 72).array == text + padding)
        }
    }

    @Test func `words match in either case`() {
        for text in ["get", "GET", "gEt"] as [StaticString] { #expect(Bytes(text).isWord("GET")) }
        for text in ["ge", "gets", "g\u{65}u", "", "G\u{5}T"] as [StaticString] {
            #expect(!Bytes(text).isWord("GET"))
        }
        #expect(Bytes("List").isSameWord(as: Bytes("lIST")))
        #expect(!Bytes("[").isSameWord(as: Bytes("{")))
    }

    @Test func `parts can be taken`() {
        let bytes = Bytes("hello")
        #expect(bytes[1..<3].string == "el")
        #expect(bytes.dropFirst(5).isEmpty)
        #expect(Bytes(bytes.dropFirst(3), extendedBack: 2).string == "ello")
        #expect(bytes.array == Array("hello".utf8))
        #expect(bytes.isSameRun(as: bytes) && !bytes.isSameRun(as: bytes[0..<4]))
    }

    @Test func `reading out of bounds traps`() async {
        await #expect(processExitsWith: .failure) { _ = Bytes("abc")[3] }
        await #expect(processExitsWith: .failure) { _ = Bytes("abc")[2..<4] }
    }
}
