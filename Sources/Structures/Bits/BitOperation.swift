public import Primitives

/// What BITOP makes of several runs of bits.
///
/// Shorter runs count as followed by zeros.
public enum BitOperation: Sendable {
    /// Ones where all have a one.
    case and
    /// Ones where any has a one.
    case or
    /// Ones where an odd number of them has a one.
    case xor
    /// Ones where the only run has a zero.
    case not
    /// Ones where the first has a one and no other has.
    case difference
    /// Ones where any other has a one and the first has not.
    case reverseDifference
    /// Ones where the first has a one and any other has.
    case andAny
    /// Ones where exactly one has a one.
    case exactlyOne

    /// So many bytes of the result are made at once: all of it stays in the first cache while run
    /// after run is added.
    private static let chunkBytes = 8192

    /// Writes the result of `sources`, of which there is at least one, into `target`; its length is
    /// that of the longest.
    ///
    /// Complexity: O(bytes of all sources).
    public func combine(_ sources: [Bytes], into target: Cell, count: Int) {
        precondition(!sources.isEmpty, "nothing to combine")
        var start = 0
        while start < count {
            let length = min(BitOperation.chunkBytes, count - start)
            let chunk = BitChunk(target.advanced(by: start), start, length)
            switch self {
            case .and, .or, .xor, .not:
                chunk.copy(sources[0])
                if case .not = self { chunk.invert() }
                for source in sources.dropFirst() { add(source, to: chunk) }
            case .difference, .reverseDifference, .andAny:
                chunk.clear()
                for source in sources.dropFirst() { chunk.or(source) }
                addFirst(sources[0], to: chunk)
            case .exactlyOne:
                chunk.exactlyOne(sources)
            }
            start += length
        }
    }

    private func add(_ source: Bytes, to chunk: BitChunk) {
        switch self {
        case .and: chunk.and(source)
        case .or: chunk.or(source)
        case .xor: chunk.xor(source)
        case .not, .difference, .reverseDifference, .andAny, .exactlyOne:
            preconditionFailure("not added one by one")
        }
    }

    /// Combines the first source with `chunk`, which holds the ones of all others.
    private func addFirst(_ source: Bytes, to chunk: BitChunk) {
        switch self {
        case .difference: chunk.andNotOf(source)
        case .reverseDifference: chunk.andNot(source)
        case .andAny: chunk.and(source)
        case .and, .or, .xor, .not, .exactlyOne:
            preconditionFailure("the first is like the others")
        }
    }
}

/// A piece of the result, and the same piece of every source.
private struct BitChunk {
    private let target: Cell
    private let start: Int
    private let length: Int

    init(_ target: Cell, _ start: Int, _ length: Int) {
        self.target = target
        self.start = start
        self.length = length
    }

    func clear() { target.zero(0, length) }

    func copy(_ source: Bytes) {
        let piece = piece(source)
        target.put(piece, 0)
        target.zero(piece.count, length - piece.count)
    }

    func or(_ source: Bytes) { combine(piece(source)) { $0 | $1 } }
    func xor(_ source: Bytes) { combine(piece(source)) { $0 ^ $1 } }
    /// What is in the chunk and not in the source.
    func andNot(_ source: Bytes) { combine(piece(source)) { $0 & ~$1 } }

    func and(_ source: Bytes) {
        let piece = piece(source)
        combine(piece) { $0 & $1 }
        target.zero(piece.count, length - piece.count)
    }

    /// What is in the source and not in the chunk.
    func andNotOf(_ source: Bytes) {
        let piece = piece(source)
        combine(piece) { ~$0 & $1 }
        target.zero(piece.count, length - piece.count)
    }

    func invert() { combine(target.bytes(0, length)) { word, _ in ~word } }

    /// Keeps two runs: ones met so far, and ones met more than once.
    func exactlyOne(_ sources: [Bytes]) {
        // SAFETY: the scratch has `length` bytes, as has the target.
        unsafe withUnsafeTemporaryAllocation(byteCount: length, alignment: 16) { scratch in
            guard let base = scratch.baseAddress else { return }
            let many = BitChunk(unsafe Cell(base), start, length)
            clear()
            many.clear()
            for source in sources {
                let piece = piece(source)
                many.combine(piece, target.bytes(0, piece.count)) { $0 | $1 & $2 }
                combine(piece) { $0 | $1 }
            }
            combine(many.target.bytes(0, length)) { $0 & ~$1 }
        }
    }

    /// The part of `source` that lies under the chunk.
    private func piece(_ source: Bytes) -> Bytes {
        source[min(start, source.count)..<min(start + length, source.count)]
    }

    @inline(__always)
    private func combine(_ piece: Bytes, _ operation: (UInt64, UInt64) -> UInt64) {
        combine(piece, piece) { word, other, _ in operation(word, other) }
    }

    /// Replaces each word by what `operation` makes of it and of those in two runs of equal length;
    /// bytes of the chunk behind them stay.
    @inline(__always)
    private func combine(
        _ first: Bytes,
        _ second: Bytes,
        _ operation: (UInt64, UInt64, UInt64) -> UInt64
    ) {
        let count = first.count
        // SAFETY: all three reach to `count`; every access ends there.
        let (left, right) = unsafe (UnsafeRawPointer(first.base), UnsafeRawPointer(second.base))
        var offset = 0
        while offset &+ 8 <= count {
            let word: UInt64 = target.load(offset)
            target.store(
                operation(
                    word,
                    unsafe left.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                    unsafe right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ),
                offset
            )
            offset &+= 8
        }
        while offset < count {
            let byte = operation(
                UInt64(target.byte(offset)),
                UInt64(first[offset]),
                UInt64(second[offset])
            )
            target.store(UInt8(truncatingIfNeeded: byte), offset)
            offset &+= 1
        }
    }
}
