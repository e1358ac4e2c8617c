import Primitives

@testable import Wire

/// Feeds a parser as a connection does: what it has not used is offered again, with more behind it.
struct MemcachedFeed: ~Copyable {
    private var parser = MemcachedParser()
    private var binary = BinaryParser()
    private let isBinary: Bool
    private var kept: [UInt8] = []
    private(set) var requests: [[[UInt8]]] = []
    private(set) var hasEnded = false
    var limits = MemcachedLimits()

    init(isBinary: Bool = false) { self.isBinary = isBinary }

    var keptCount: Int { kept.count }

    mutating func receive(_ bytes: some Sequence<UInt8>) {
        guard !hasEnded else { return }
        kept += bytes
        var buffer = ByteBuffer()
        kept.withBytes { buffer.append($0) }
        var words = ArgumentVector()
        var position = 0
        parsing: while true {
            words.truncate(to: 0)
            let cell = buffer.cell
            let outcome =
                isBinary
                ? binary.next(cell, kept.count, &position, limits, into: &words)
                : parser.next(cell, kept.count, &position, limits, into: &words)
            switch outcome {
            case .request(let command):
                let arguments = words.arguments(0, words.count)
                let request = (0..<words.count).map { arguments[$0].array }
                precondition(MemcachedCommand(parsed: arguments[0]) == command, "its own name")
                requests.append(request)
            case .nothing: continue
            case .incomplete: break parsing
            case .ends:
                hasEnded = true
                break parsing
            }
        }
        kept.removeFirst(position)
    }
}
