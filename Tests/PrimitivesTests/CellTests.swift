import Primitives
import Testing

@Suite struct CellTests {
    @Test func `a value stored at an offset is loaded from it`() {
        var buffer = ByteBuffer(capacity: 64)
        buffer.append("0123456789abcdef")
        let cell = buffer.cell
        cell.store(UInt32(0x0102_0304), 3)
        let (word, byte): (UInt32, UInt8) = (cell.load(3), cell.byte(3))
        #expect(word == 0x0102_0304 && byte == 4)
        cell.move(from: 8, to: 9, count: 4)
        cell.zero(0, 2)
        let isMoved = cell.bytes(9, 4) == Bytes("89ab")
        let next = cell.advanced(by: 9).byte(0)
        #expect(isMoved && next == UInt8(ascii: "8") && cell.byte(1) == 0)
    }

    #if DEBUG
        @Test func `a debug build traps past the end of a block`() async {
            await #expect(processExitsWith: .failure) {
                var buffer = ByteBuffer(capacity: 64)
                buffer.append("x")
                _ = buffer.cell.advanced(by: 32).load(buffer.capacity - 35, as: UInt32.self)
            }
            await #expect(processExitsWith: .success) {
                var buffer = ByteBuffer(capacity: 64)
                buffer.append("x")
                _ = buffer.cell.advanced(by: 32).load(buffer.capacity - 36, as: UInt32.self)
            }
        }
    #endif
}
