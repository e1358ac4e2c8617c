import Primitives
import Testing

@testable import Server
@testable import Wire

@Suite struct RequestQueueTests {
    private static func append(_ line: String, to queue: inout RequestQueue) {
        let words = line.split(separator: " ").map { Array($0.utf8) }
        words.flatMap { $0 }.withBytes { bytes in
            var vector = ArgumentVector()
            var offset = 0
            for word in words {
                vector.append(bytes[offset..<offset + word.count])
                offset += word.count
            }
            queue.append(vector.arguments(0, vector.count), received: nil)
        }
    }

    private static func first(_ queue: borrowing RequestQueue) -> [String] {
        var words: [String] = []
        _ = queue.readFirst { words.append($0.string) }
        return words
    }

    @Test func `requests come out unchanged and in order`() {
        var queue = RequestQueue()
        let lines = (0..<100).map { "SET key:\($0) " + String(repeating: "v", count: $0 * 7 + 1) }
        for line in lines { Self.append(line, to: &queue) }
        for (number, line) in lines.enumerated() {
            let count = queue.count
            #expect(count == lines.count - number)
            let words = Self.first(queue)
            #expect(words.joined(separator: " ") == line)
            queue.removeFirst()
        }
        let (count, bytes) = (queue.count, queue.byteCount)
        #expect(count == 0 && bytes == 0)
        Self.append("PING", to: &queue)
        let words = Self.first(queue)
        #expect(words == ["PING"])
    }

    @Test func `requests are read from place to place`() {
        var queue = RequestQueue()
        let lines = ["SET a 1", "PING", "MGET a b c"]
        for line in lines { Self.append(line, to: &queue) }
        queue.removeFirst()
        var place = queue.first
        for line in lines.dropFirst() {
            var words: [String] = []
            _ = queue.read(&place) { words.append($0.string) }
            #expect(words.joined(separator: " ") == line)
        }
    }

    @Test func `a large last word stays in its block, which the queue holds`() {
        let block = SharedBlock(capacity: 100)
        block.count = 3
        Array("abc".utf8).withBytes { block.storage.put($0, 0) }
        do {
            var queue = RequestQueue()
            Array("SETk".utf8).withBytes { bytes in
                var vector = ArgumentVector()
                vector.append(bytes[0..<3])
                vector.append(bytes[3..<4])
                vector.append(block.bytes)
                queue.append(vector.arguments(0, 3), received: block)
            }
            Self.append("GET k", to: &queue)
            #expect(block.isShared)
            let words = Self.first(queue)
            #expect(words == ["SET", "k", "abc"])
            queue.removeFirst()
            #expect(!block.isShared)
            let next = Self.first(queue)
            #expect(next == ["GET", "k"])
            queue.append(words: ["SET", "k"], block)
            #expect(block.isShared)
        }
        // The queue releases what it drops.
        #expect(!block.isShared)
        block.release()
    }
}

extension RequestQueue {
    fileprivate mutating func append(words: [String], _ block: SharedBlock) {
        let all = words.map { Array($0.utf8) }
        all.flatMap { $0 }.withBytes { bytes in
            var vector = ArgumentVector()
            var offset = 0
            for word in all {
                vector.append(bytes[offset..<offset + word.count])
                offset += word.count
            }
            vector.append(block.bytes)
            append(vector.arguments(0, vector.count), received: block)
        }
    }
}
