import Primitives
import Testing

@Suite struct EditableBytesTests {
    @Test func `bytes are changed in place, up to the end`() {
        var buffer = ByteBuffer()
        buffer.append("0123456789")
        let bytes = EditableBytes(buffer.cell, count: 10)
        bytes.put(Bytes("ab"), 8)
        bytes[0] = UInt8(ascii: "x")
        let first = bytes[0]
        #expect(first == UInt8(ascii: "x"))
        let isSame = bytes.bytes == Bytes("x1234567ab") && buffer.bytes == Bytes("x1234567ab")
        #expect(isSame)
    }

    @Test func `nothing is written past the end, not even in release builds`() async {
        await #expect(processExitsWith: .failure) {
            let buffer = ByteBuffer(capacity: 64)
            EditableBytes(buffer.cell, count: 10).put(Bytes("ab"), 9)
        }
        await #expect(processExitsWith: .failure) {
            let buffer = ByteBuffer(capacity: 64)
            EditableBytes(buffer.cell, count: 10)[10] = 1
        }
    }
}
