import Primitives

@testable import Wire

/// The connection's side of the parser: keeps unused bytes, as the server's workers do.
struct RequestFeed: ~Copyable {
    private var buffer = ByteBuffer()
    private var parser = RESPParser()
    private var words = ArgumentVector(capacity: 2)
    private var parsed = 0
    var limits = RequestLimits()
    /// The requests parsed so far.
    private(set) var requests: [[[UInt8]]] = []
    /// Why the connection was closed; nil if it was not.
    private(set) var failure: ProtocolFailure?

    /// The number of bytes kept for an incomplete request.
    var keptCount: Int { buffer.count }

    /// Appends bytes as received from a socket.
    mutating func receive(_ bytes: some Sequence<UInt8>) {
        guard failure == nil else { return }
        for byte in bytes { buffer.append(byte) }
        var position = parsed
        do throws(ProtocolFailure) {
            while try step(&position) {}
        } catch {
            failure = error
            return
        }
        let needed = parser.firstNeeded(position)
        buffer.removeFirst(needed)
        parser.rebase(needed)
        parsed = position - needed
    }

    /// Parses a request; false if more bytes are needed.
    private mutating func step(_ position: inout Int) throws(ProtocolFailure) -> Bool {
        words.truncate(to: 0)
        let outcome = try parser.next(buffer.cell, buffer.count, &position, limits, into: &words)
        switch outcome {
        case .incomplete: return false
        case .nothing: return true
        case .request:
            let arguments = words.arguments(0, words.count)
            requests.append((0..<arguments.count).map { arguments[$0].array })
            return true
        }
    }
}

/// A request in RESP.
func framed(_ words: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(words.count)\r\n".utf8)
    for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8) }
    return bytes
}

/// Texts as words.
func words(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
