import Glibc
import Primitives
import Testing

@testable import System

/// Runs only if the kernel supports io_uring.
@Suite(.enabled(if: (try? CompletionRing()) != nil)) struct CompletionRingTests {
    private let ring: CompletionRing
    private let near: Int32
    private let far: Int32

    init() throws {
        ring = try CompletionRing()
        try ring.start()
        var pair: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        try #require(unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0)
        (near, far) = (pair[0], pair[1])
    }

    private func end() {
        Socket(near).close()
        Socket(far).close()
    }

    /// Sends as many bytes as possible; returns how many.
    @discardableResult
    private func put(_ bytes: [UInt8]) -> Int {
        guard case .bytes(let count) = bytes.withBytes({ Socket(far).send($0) }) else { return 0 }
        return count
    }

    /// Waits for the next completion.
    private func next() -> CompletionRing.Completion? {
        if let completion = ring.next(before: ring.end) { return completion }
        ring.wait(for: 1, patience: 0, milliseconds: 500)
        return ring.next(before: ring.end)
    }

    @Test func `bytes arrive as sent, until the end`() throws {
        ring.receive(near, mark: 7)
        for length in [1, 100, 4096, 1] {
            let sent = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
            put(sent)
            let completion = try #require(next())
            #expect(completion.kind == .receive && completion.target == near)
            #expect(completion.mark == 7 && completion.hasBytes && !completion.isLast)
            #expect(ring.bytes(completion).bytes(0, Int(completion.result)).array == sent)
            ring.use(completion)
            ring.releaseBuffers()
        }
        Socket(far).close()
        let last = try #require(next())
        #expect(last.isLast && last.result == 0 && !last.hasBytes)
        Socket(near).close()
    }

    @Test func `buffers are used again and again`() throws {
        ring.receive(near, mark: 0)
        var received = 0
        for round in 0..<400 {
            put([UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 5000))
            while received < (round + 1) * 5000 {
                let completion = try #require(next())
                let part = ring.bytes(completion).bytes(0, Int(completion.result))
                #expect(part[0] == UInt8(truncatingIfNeeded: round))
                received += part.count
                ring.use(completion)
                ring.releaseBuffers()
                if completion.isLast { ring.receive(near, mark: 0) }
            }
        }
        end()
    }

    @Test func `a receive without buffers ends and can be restarted`() throws {
        ring.receive(near, mark: 0)
        var room: Int32 = 400_000
        unsafe setsockopt(far, SOL_SOCKET, SO_SNDBUF, &room, 4)
        let sent = put([UInt8](repeating: 1, count: 1_000_000))
        var total = 0
        var lacked = false
        while total < sent {
            let completion = try #require(next())
            if completion.hasBytes {
                _ = ring.bytes(completion)
                total += Int(completion.result)
                ring.use(completion)
            }
            guard completion.isLast else { continue }
            lacked = lacked || completion.result == -ENOBUFS
            ring.releaseBuffers()
            ring.receive(near, mark: 0)
        }
        #expect(lacked == (sent > 4 * 65536))
        end()
    }

    @Test func `complete sends report nothing`() {
        let text = Array("hello".utf8)
        text.withBytes {
            for number in 0..<100 { ring.send(near, $0, number: Int32(number)) }
            ring.submit()
        }
        #expect(ring.nextFailedSend() == nil && ring.next(before: ring.end) == nil)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 8)
        guard case .bytes(500) = unsafe Socket(far).receive(Cell(memory), 8192) else {
            Issue.record("the bytes are not there")
            return
        }
        unsafe memory.deallocate()
        end()
    }

    @Test func `incomplete sends report how far they got`() throws {
        let large = [UInt8](repeating: 9, count: 10_000_000)
        try large.withBytes {
            ring.send(near, $0, number: 3)
            ring.send(near, $0, number: 4)
            ring.submit()
            let short = try #require(ring.nextFailedSend())
            #expect(short.target == 3 && (1..<10_000_000).contains(short.result))
            let refused = try #require(ring.nextFailedSend())
            #expect(refused.target == 4 && refused.result == -EAGAIN)
            #expect(ring.nextFailedSend() == nil)
            Socket(far).close()
            ring.send(near, $0, number: 5)
            ring.submit()
            guard case .closed? = ring.nextFailedSend()?.transfer else {
                Issue.record("nobody is there to receive")
                return
            }
        }
        #expect(ring.next(before: ring.end) == nil)
        Socket(near).close()
    }

    @Test func `waits end on time`() {
        let before = Clock.monotonicNanoseconds()
        ring.wait(for: 1, patience: 0, milliseconds: 20)
        #expect(Clock.monotonicNanoseconds() - before >= 19_000_000)
        #expect(ring.next(before: ring.end) == nil)
        end()
    }

    @Test func `one completion is enough when patience runs out`() throws {
        ring.receive(near, mark: 0)
        put([1])
        let before = Clock.monotonicNanoseconds()
        ring.wait(for: 2, patience: 1000, milliseconds: 5000)
        #expect(Clock.monotonicNanoseconds() - before < 4_000_000_000)
        #expect(try #require(ring.next(before: ring.end)).result == 1)
        end()
    }

    @Test func `room and readiness are reported once`() throws {
        ring.watchForRoom(near, mark: 5)
        let room = try #require(next())
        #expect(room.kind == .room && room.target == near && room.mark == 5 && room.isLast)
        ring.watch(near)
        put([1])
        let ready = try #require(next())
        #expect(ready.kind == .ready && ready.target == near)
        end()
    }

    @Test func `a receive can be stopped and restarted`() throws {
        ring.receive(near, mark: 1)
        ring.submit()
        ring.stopReceiving(near, mark: 1)
        let completion = try #require(next())
        #expect(completion.kind == .receive && completion.isLast && completion.mayGoOn)
        put([1])
        ring.stopReceiving(near, mark: 1)
        #expect(next()?.kind == .stop)
        ring.receive(near, mark: 2)
        #expect(try #require(next()).mark == 2)
        end()
    }

    @Test func `closing a socket ends its requests`() throws {
        ring.receive(near, mark: 1)
        ring.submit()
        Socket(near).end()
        let completion = try #require(next())
        #expect(completion.kind == .receive && completion.isLast && completion.result <= 0)
        Socket(far).close()
    }
}
