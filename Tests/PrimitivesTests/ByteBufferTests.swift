import Primitives
import Testing

@Suite struct ByteBufferTests {
    @Test func `numbers stand with their lowest byte first`() {
        var buffer = ByteBuffer()
        buffer.append(UInt8(1))
        buffer.append(littleEndian: 0x0403_0201)
        #expect(buffer.bytes.array == [1, 1, 2, 3, 4])
    }

    @Test func `random steps keep the buffer equal to the model`() {
        var random = FastRandom(seed: 3)
        var buffer = ByteBuffer()
        var model: [UInt8] = []
        for step in 0..<20_000 {
            switch random.below(8) {
            case 0:
                buffer.append(UInt8(step & 255))
                model.append(UInt8(step & 255))
            case 1:
                buffer.append(decimal: Int64(step) - 5000)
                model += Array(String(step - 5000).utf8)
            case 2:
                let kept = random.below(model.count + 1)
                buffer.truncate(to: kept)
                model.removeLast(model.count - kept)
            case 3:
                let dropped = random.below(model.count + 1)
                buffer.removeFirst(dropped)
                model.removeFirst(dropped)
            case 4 where random.below(20) == 0:
                buffer.removeAll(keep: random.below(2) * 100)
                model = []
            default:
                let bytes = (0..<random.below(90)).map { UInt8(truncatingIfNeeded: $0 + step) }
                bytes.withBytes { buffer.append($0) }
                model += bytes
            }
            let (count, capacity) = (buffer.count, buffer.capacity)
            #expect(count == model.count && count <= capacity)
            if step % 50 == 0 {
                let array = buffer.bytes.array
                #expect(array == model)
            }
        }
    }

    @Test func `an empty buffer owns no memory`() {
        var buffer = ByteBuffer()
        #expect(buffer.capacity == 0)
        buffer.append(Bytes())
        #expect(buffer.capacity == 0)
        buffer.append("x")
        #expect(buffer.capacity == 64)
        buffer.removeAll(keep: 0)
        #expect(buffer.capacity == 0)
    }

    @Test(arguments: [0, 1, 500], [1, 5, 64])
    func `a tail moves in front of its body`(body: Int, head: Int) {
        var buffer = ByteBuffer()
        let front = [UInt8]("front".utf8)
        let middle = (0..<body).map { UInt8(truncatingIfNeeded: $0) }
        let tail = (0..<head).map { UInt8(200 - $0) }
        for part in [front, middle, tail] { part.withBytes { buffer.append($0) } }
        buffer.rotateTail(from: 5, bodyCount: body)
        let array = buffer.bytes.array
        #expect(array == front + tail + middle)
    }
}
