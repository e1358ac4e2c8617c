public import Primitives

/// A bitwise operation of BITOP over several bit strings.
///
/// Shorter strings are padded with zeros.
public enum BitOperation: Sendable {
    /// Bits set in all sources.
    case and
    /// Bits set in any source.
    case or
    /// Bits set in an odd number of sources.
    case xor
    /// Bits clear in the only source.
    case not
    /// Bits set in the first source and in no other.
    case difference
    /// Bits set in any other source but not in the first.
    case reverseDifference
    /// Bits set in the first source and in any other.
    case andAny
    /// Bits set in exactly one source.
    case exactlyOne

    /// The chunk size in which the result is built.
    ///
    /// A chunk stays in the L1 cache while each source is combined into it.
    private static let chunkBytes = 8192

    /// Writes the combination of `sources` into `target`.
    ///
    /// `sources` must not be empty; `count` is the length of the longest.
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
            preconditionFailure("not combined one by one")
        }
    }

    /// Combines the first source with `chunk`, which holds the union of all the others.
    private func addFirst(_ source: Bytes, to chunk: BitChunk) {
        switch self {
        case .difference: chunk.andNotOf(source)
        case .reverseDifference: chunk.andNot(source)
        case .andAny: chunk.and(source)
        case .and, .or, .xor, .not, .exactlyOne:
            preconditionFailure("the first is treated like the others")
        }
    }
}

/// A chunk of the result, with access to the same range of each source.
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
    /// Clears the bits that are set in `source`.
    func andNot(_ source: Bytes) { combine(piece(source)) { $0 & ~$1 } }

    func and(_ source: Bytes) {
        let piece = piece(source)
        combine(piece) { $0 & $1 }
        target.zero(piece.count, length - piece.count)
    }

    /// Replaces the chunk by the bits of `source` that are clear in it.
    func andNotOf(_ source: Bytes) {
        let piece = piece(source)
        combine(piece) { ~$0 & $1 }
        target.zero(piece.count, length - piece.count)
    }

    func invert() { combine(target.bytes(0, length)) { word, _ in ~word } }

    /// Keeps two bitmaps: bits seen so far, and bits seen more than once.
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

    /// The part of `source` in the chunk's range.
    private func piece(_ source: Bytes) -> Bytes {
        source[min(start, source.count)..<min(start + length, source.count)]
    }

    @inline(__always)
    private func combine(_ piece: Bytes, _ operation: (UInt64, UInt64) -> UInt64) {
        combine(piece, piece) { word, other, _ in operation(word, other) }
    }

    /// Combines each word of the chunk with the matching words of two runs of equal length.
    ///
    /// Bytes of the chunk past their end are left alone.
    @inline(__always)
    private func combine(
        _ first: Bytes,
        _ second: Bytes,
        _ operation: (UInt64, UInt64, UInt64) -> UInt64
    ) {
        let count = first.count
        // SAFETY: the chunk and both runs hold at least `count` bytes; every access ends there.
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
