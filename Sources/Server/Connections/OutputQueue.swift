internal import Primitives
internal import System
internal import TLS
internal import Wire

/// Replies waiting until a socket is writable: bytes, and large values by reference, in order.
final class OutputQueue {
    private enum Part {
        case bytes([UInt8])
        case block(SharedBlock)

        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .block(let block): block.count
            }
        }
    }

    private var parts: [Part] = []
    private var firstPart = 0
    /// The number of bytes of the first part already sent.
    private var firstSent = 0
    /// The total size of the waiting parts in bytes.
    private var partBytes = 0
    /// The TLS stream that encrypts the parts, if any, and encrypted bytes that precede them.
    private let stream: TLSStream?
    private var sealed = ByteBuffer()
    private var sealedSent = 0

    /// Creates an empty queue; `stream`, if given, encrypts the bytes when they are sent.
    init(_ stream: TLSStream? = nil) { self.stream = stream }

    /// The number of bytes waiting.
    var byteCount: Int { partBytes + sealed.count - sealedSent }

    deinit {
        for part in parts[firstPart...] {
            if case .block(let block) = part { block.release() }
        }
    }

    /// Appends copied bytes, except for the first `skipped`, which have been sent already.
    func append(_ bytes: Bytes, skipping skipped: inout Int) {
        let rest = bytes.dropFirst(min(skipped, bytes.count))
        skipped -= bytes.count - rest.count
        guard rest.count > 0 else { return }
        partBytes += rest.count
        if case .bytes(var last)? = parts.last, parts.count > firstPart, last.count < 64 * 1024 {
            parts.removeLast()
            last.append(rest)
            parts.append(.bytes(last))
        } else {
            parts.append(.bytes(rest.array))
        }
    }

    /// Appends a large value, except for the first `skipped` bytes, which have been sent already.
    ///
    /// Takes over the caller's reference.
    func append(_ block: SharedBlock, skipping skipped: inout Int) {
        let gone = min(skipped, block.count)
        skipped -= gone
        guard gone < block.count else { return block.release() }
        // Only the first part can have been sent partially.
        if gone > 0 { firstSent = gone }
        partBytes += block.count - gone
        parts.append(.block(block))
    }

    /// Appends encrypted bytes; no parts may be waiting.
    func append(sealed bytes: Bytes) {
        assert(partBytes == 0, "the bytes would overtake others")
        sealed.append(bytes)
    }

    /// Marks the first `count` bytes as sent.
    private func drop(_ count: Int) {
        var left = count
        partBytes -= count
        while left > 0 {
            let rest = parts[firstPart].count - firstSent
            if left < rest {
                firstSent += left
                return
            }
            left -= rest
            firstSent = 0
            if case .block(let block) = parts[firstPart] { block.release() }
            parts[firstPart] = .bytes([])
            firstPart += 1
        }
        // Only once as many parts have been sent as must be moved.
        if firstPart > 64, firstPart > parts.count / 2 {
            parts.removeFirst(firstPart)
            firstPart = 0
        }
    }

    /// Sends as much as possible; returns the number of bytes sent, nil if the connection failed.
    func send(_ descriptor: Int32) -> Int? {
        if let stream { return send(descriptor, stream) }
        var total = 0
        while partBytes > 0 {
            switch sendFirst(descriptor) {
            case .bytes(let count):
                total += count
                drop(count)
            case .wouldBlock: return total
            case .closed: return nil
            }
        }
        return total
    }

    private func sendFirst(_ descriptor: Int32) -> Transfer {
        withFirst { Transport.send(descriptor, $0) }
    }

    /// Calls `body` with the first bytes to send.
    private func withFirst<Result>(_ body: (Bytes) -> Result) -> Result {
        while parts[firstPart].count == firstSent { skipEmpty() }
        switch parts[firstPart] {
        case .bytes(let bytes): return bytes.withBytes { body($0.dropFirst(firstSent)) }
        case .block(let block): return body(block.bytes.dropFirst(firstSent))
        }
    }

    private func skipEmpty() {
        firstPart += 1
        firstSent = 0
    }

    // MARK: TLS

    /// The maximum number of bytes to encrypt before the socket can take them.
    private static let sealedAtOnce = 64 * 1024

    private func send(_ descriptor: Int32, _ stream: TLSStream) -> Int? {
        var total = 0
        while byteCount > 0 {
            if sealedSent == sealed.count { guard sealMore(stream) else { return nil } }
            switch Transport.send(descriptor, sealed.bytes.dropFirst(sealedSent)) {
            case .bytes(let count):
                total += count
                sealedSent += count
            case .wouldBlock: return total
            case .closed: return nil
            }
        }
        return total
    }

    /// Encrypts some of the first part; returns false if the connection has failed.
    private func sealMore(_ stream: TLSStream) -> Bool {
        sealed.removeAll(keep: 2 * OutputQueue.sealedAtOnce)
        sealedSent = 0
        let count = withFirst { bytes -> Int? in
            let some = bytes[0..<min(bytes.count, OutputQueue.sealedAtOnce)]
            return stream.write(some, into: &sealed) ? some.count : nil
        }
        guard let count else { return false }
        drop(count)
        return true
    }
}
