import Primitives

@testable import Wire

/// Feeds a parser as a connection does: what it has not used is offered again, with more behind it.
struct MemcachedFeed: ~Copyable {
    /// With fewer bytes, a buffer has room that a sanitizer does not guard.
    private static let guardedBytesMin = 64

    private var parser = MemcachedParser()
    private var binary = BinaryParser()
    private let isBinary: Bool
    private var kept: [UInt8] = []
    /// The head of a request whose value is received in a block of its own, and the value's length.
    private var awaited: (head: [UInt8], length: Int)?
    private(set) var requests: [[[UInt8]]] = []
    private(set) var hasEnded = false
    var limits = MemcachedLimits()
    /// From which length on values are received in blocks of their own, as a server does it with
    /// large ones.
    var blockBytesMin = Int.max

    init(isBinary: Bool = false) { self.isBinary = isBinary }

    var keptCount: Int { kept.count }

    mutating func receive(_ bytes: some Sequence<UInt8>) {
        guard !hasEnded else { return }
        kept += bytes
        while !hasEnded {
            if awaited != nil {
                guard completeValue() else { return }
            }
            parse()
            guard awaited != nil else { return }
        }
    }

    private mutating func parse() {
        let front = max(0, MemcachedFeed.guardedBytesMin - kept.count)
        let all = [UInt8](repeating: 0x20, count: front) + kept
        var buffer = ByteBuffer()
        all.withBytes { buffer.append($0) }
        var words = ArgumentVector()
        var position = front
        parsing: while true {
            words.truncate(to: 0)
            let cell = buffer.cell
            let outcome =
                isBinary
                ? binary.next(cell, all.count, &position, limits, into: &words)
                : parser.next(cell, all.count, &position, limits, into: &words)
            switch outcome {
            case .request(let command):
                note(words, command)
                if hasEnded { break parsing }
            case .nothing: continue
            case .incomplete: break parsing
            case .ends:
                hasEnded = true
                break parsing
            }
        }
        kept.removeFirst(position - front)
        let ahead = isBinary ? binary.valueAhead : parser.valueAhead
        guard !hasEnded, let ahead, ahead >= blockBytesMin else { return }
        let headCount = isBinary ? binary.headByteCount : parser.headByteCount
        awaited = (Array(kept[..<headCount]), ahead)
        kept.removeFirst(headCount)
    }

    private mutating func note(_ words: borrowing ArgumentVector, _ command: MemcachedCommand) {
        let arguments = words.arguments(0, words.count)
        precondition(MemcachedCommand(parsed: arguments[0]) == command, "its own name")
        requests.append((0..<words.count).map { arguments[$0].array })
        // The connection is closed after the reply.
        if command == .binaryRefuse, !arguments[4].isEmpty { hasEnded = true }
    }

    /// Completes a request whose value was awaited; false if some of it is missing.
    private mutating func completeValue() -> Bool {
        guard let (head, length) = awaited else { return true }
        let tail = isBinary ? 0 : 2
        guard kept.count >= length + tail else { return false }
        awaited = nil
        let isWhole = Array(kept[length..<length + tail]) == Array("\r\n".utf8)
        var line = ByteBuffer()
        var value = ByteBuffer()
        head.withBytes { line.append($0) }
        kept[..<length].withBytes { value.append($0) }
        var words = ArgumentVector()
        let command =
            isBinary
            ? binary.complete(line.cell, value.bytes, into: &words)
            : parser.complete(line.cell, value.bytes, isWhole: isWhole, into: &words)
        note(words, command)
        kept.removeFirst(length + tail)
        return true
    }
}

extension ArraySlice<UInt8> {
    fileprivate func withBytes(_ body: (Bytes) -> Void) { Array(self).withBytes { body($0) } }
}
