internal import Primitives

/// Requests of the meta protocol: a command of two letters, a key, and flags.
///
/// ```text
/// mg, md, ma, me   name key flags
/// ms               name key flags value
/// mn               name
/// ```
/// The flags, the rest of the line, are one word; keys in base64 are decoded in place.
extension MemcachedParser {
    /// The maximum number of flags in a request.
    private static let flagsMax = 20

    /// `mg`, `md`, `ma`, `me`.
    mutating func metaRequest(
        _ line: inout MemcachedLine,
        into words: inout ArgumentVector
    ) -> Outcome {
        guard let key = line.word() else {
            return refuse(command == .me ? MemcachedParser.badLine : "ERROR", into: &words)
        }
        let place = line.position - key.count
        guard let flags = metaFlags(&line) else { return tooManyFlags(into: &words) }
        guard key.count <= MemcachedLimits.keyBytesMax else {
            return refuse(MemcachedParser.badLine, into: &words)
        }
        guard let decoded = decoded(key, at: place, line.buffer, flags) else {
            return refuse("CLIENT_ERROR error decoding key", into: &words)
        }
        words.append(Bytes(command.name))
        words.append(decoded)
        words.append(flags)
        return .request(command)
    }

    /// `ms key bytes flags`, and a value.
    mutating func metaStorage(
        _ line: inout MemcachedLine,
        _ count: Int,
        _ position: inout Int,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> Outcome {
        let start = position
        position = lineNext
        guard let key = line.word() else { return refuse(MemcachedParser.badLine, into: &words) }
        let place = line.position - key.count
        guard let length = line.word(), key.count <= MemcachedLimits.keyBytesMax,
            let byteCount = MemcachedNumber.signed(length), byteCount >= 0,
            byteCount <= MemcachedLimits.valueBytesMax
        else { return refuse(MemcachedParser.badLine, into: &words) }
        let size = Int(byteCount)
        guard let flags = metaFlags(&line) else {
            ahead.skipped = size + 2
            return tooManyFlags(into: &words)
        }
        guard limits.allowsItem(key: key.count, value: size, hasFlags: hasFlag("F", in: flags))
        else {
            ahead.skipped = size + 2
            words.append(Bytes(MemcachedCommand.tooLarge.name))
            words.append(key)
            let isSet = !hasFlag("M", in: flags) && !hasFlag("b", in: flags)
            words.append(Bytes(isSet ? MemcachedCommand.set.name : command.name))
            words.append(Bytes())
            return .request(.tooLarge)
        }
        guard count - position >= size + 2 else {
            return expectValue(size, from: start, &position)
        }
        let value = line.buffer.bytes(position, size)
        position += size + 2
        let isWhole = MemcachedParser.isLineEnd(line.buffer, position - 2)
        return finishMeta(key, place, flags, value, line.buffer, isWhole: isWhole, into: &words)
    }

    /// Completes a storage request whose value was received elsewhere; `line` starts after its
    /// name.
    mutating func completeMeta(
        _ line: inout MemcachedLine,
        _ value: Bytes,
        isWhole: Bool,
        into words: inout ArgumentVector
    ) -> Outcome {
        guard let key = line.word() else { preconditionFailure("the line was parsed before") }
        let place = line.position - key.count
        guard line.word() != nil, let flags = metaFlags(&line) else {
            preconditionFailure("the line was parsed before")
        }
        return finishMeta(key, place, flags, value, line.buffer, isWhole: isWhole, into: &words)
    }

    private func finishMeta(
        _ key: Bytes,
        _ place: Int,
        _ flags: Bytes,
        _ value: Bytes,
        _ buffer: Cell,
        isWhole: Bool,
        into words: inout ArgumentVector
    ) -> Outcome {
        guard isWhole else { return refuse("CLIENT_ERROR bad data chunk", into: &words) }
        guard let decoded = decoded(key, at: place, buffer, flags) else {
            return refuse("CLIENT_ERROR error decoding key", into: &words)
        }
        words.append(Bytes(command.name))
        words.append(decoded)
        words.append(flags)
        words.append(value)
        return .request(command)
    }

    // MARK: Flags

    /// The rest of a line; nil if there are too many flags.
    private func metaFlags(_ line: inout MemcachedLine) -> Bytes? {
        _ = line.isAtEnd
        let flags = line.buffer.bytes(line.position, line.end - line.position)
        var flagCount = 0
        while line.word() != nil { flagCount += 1 }
        return flagCount <= MemcachedParser.flagsMax ? flags : nil
    }

    private func tooManyFlags(into words: inout ArgumentVector) -> Outcome {
        refuse("CLIENT_ERROR options flags are too long", into: &words)
    }

    /// Whether one of the flags starts with `letter`.
    private func hasFlag(_ letter: Unicode.Scalar, in flags: Bytes) -> Bool {
        for index in 0..<flags.count where flags[index] == UInt8(ascii: letter) {
            if index == 0 || flags[index - 1] == UInt8(ascii: " ") { return true }
        }
        return false
    }

    /// The key itself, decoded in place if the flags say that it is base64; nil if that fails.
    private func decoded(
        _ key: Bytes,
        at place: Int,
        _ buffer: Cell,
        _ flags: Bytes
    ) -> Bytes? {
        guard hasFlag("b", in: flags) else { return key }
        guard let count = Base64.byteCount(key) else { return nil }
        Base64.decode(buffer, place, key.count)
        return buffer.bytes(place, count)
    }
}
