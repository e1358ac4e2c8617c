public import Primitives

/// Requests that store, change or remove items.
extension MemcachedParser {
    private static let noReply: StaticString = "noreply"

    /// `delete`, `incr`, `decr`, `touch`: a key and a few words.
    func change(
        _ line: inout MemcachedLine,
        into words: inout ArgumentVector
    ) -> Outcome {
        guard let key = line.word() else { return refuse("ERROR", into: &words) }
        if command == .delete { return delete(key, &line, into: &words) }
        guard let number = line.word() else { return refuse("ERROR", into: &words) }
        let last = line.word()
        guard line.isAtEnd else { return refuse("ERROR", into: &words) }
        let isQuiet = last.map { $0 == Bytes(MemcachedParser.noReply) } ?? false
        guard key.count <= MemcachedLimits.keyBytesMax else {
            return refuse(MemcachedParser.badLine, isQuiet: isQuiet, into: &words)
        }
        words.append(Bytes(command.name))
        words.append(key)
        words.append(number)
        words.append(isQuiet ? Bytes(MemcachedParser.noReply) : Bytes())
        return .request(command)
    }

    /// `delete key [0] [noreply]`.
    private func delete(
        _ key: Bytes,
        _ line: inout MemcachedLine,
        into words: inout ArgumentVector
    ) -> Outcome {
        let first = line.word()
        let second = line.word()
        guard line.isAtEnd else { return refuse("ERROR", into: &words) }
        let isQuiet = (second ?? first).map { $0 == Bytes(MemcachedParser.noReply) } ?? false
        if let first {
            let isZero = first == Bytes("0")
            guard second == nil ? isZero || isQuiet : isZero && isQuiet else {
                return refuse(
                    "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]",
                    isQuiet: isQuiet,
                    into: &words
                )
            }
        }
        guard key.count <= MemcachedLimits.keyBytesMax else {
            return refuse(MemcachedParser.badLine, isQuiet: isQuiet, into: &words)
        }
        words.append(Bytes(command.name))
        words.append(key)
        words.append(isQuiet ? Bytes(MemcachedParser.noReply) : Bytes())
        return .request(command)
    }

    // MARK: Storing

    /// The line of a storage request.
    private enum StorageLine {
        /// Six words were appended; a value of `size` bytes follows.
        case value(size: Int, isQuiet: Bool)
        /// The request is rejected with this outcome.
        case refused(Outcome)
    }

    /// `set`, `add`, `replace`, `append`, `prepend`, `cas`: a line and a value.
    mutating func storage(
        _ line: inout MemcachedLine,
        _ count: Int,
        _ position: inout Int,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> Outcome {
        let start = position
        position = lineNext
        switch read(&line, limits, into: &words) {
        case .refused(let outcome): return outcome
        case .value(let size, let isQuiet):
            guard count - position >= size + 2 else {
                // The line will be parsed again once the value has arrived.
                words.truncate(to: words.count - 6)
                return expectValue(size, from: start, &position)
            }
            let buffer = line.buffer
            let value = buffer.bytes(position, size)
            position += size + 2
            let isWhole = MemcachedParser.isLineEnd(buffer, position - 2)
            return finish(value, isWhole: isWhole, isQuiet: isQuiet, into: &words)
        }
    }

    /// Records that a value of `size` bytes of the request at `start` has yet to arrive.
    mutating func expectValue(_ size: Int, from start: Int, _ position: inout Int) -> Outcome {
        ahead.expectValue(size, behind: position - start)
        position = start
        return .incomplete
    }

    static func isLineEnd(_ buffer: Cell, _ position: Int) -> Bool {
        buffer.byte(position) == UInt8(ascii: "\r")
            && buffer.byte(position + 1) == UInt8(ascii: "\n")
    }

    private mutating func read(
        _ line: inout MemcachedLine,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> StorageLine {
        guard let key = line.word(), let flags = line.word(), let time = line.word(),
            let length = line.word(), let cas = command == .cas ? line.word() : Bytes()
        else { return .refused(refuse("ERROR", into: &words)) }
        let last = line.word()
        guard line.isAtEnd else { return .refused(refuse("ERROR", into: &words)) }
        let isQuiet = last.map { $0 == Bytes(MemcachedParser.noReply) } ?? false
        guard key.count <= MemcachedLimits.keyBytesMax,
            let flagBits = MemcachedNumber.unsigned(flags), MemcachedNumber.signed(time) != nil,
            command != .cas || MemcachedNumber.unsigned(cas) != nil,
            let byteCount = MemcachedNumber.signed(length),
            byteCount >= 0, byteCount <= MemcachedLimits.valueBytesMax
        else {
            return .refused(refuse(MemcachedParser.badLine, isQuiet: isQuiet, into: &words))
        }
        let size = Int(byteCount)
        let hasFlags = UInt32(truncatingIfNeeded: flagBits) != 0
        let quietWord = isQuiet ? Bytes(MemcachedParser.noReply) : Bytes()
        guard limits.allowsItem(key: key.count, value: size, hasFlags: hasFlags) else {
            ahead.skipped = size + 2
            words.append(Bytes(MemcachedCommand.tooLarge.name))
            words.append(key)
            words.append(Bytes(command.name))
            words.append(quietWord)
            return .refused(.request(.tooLarge))
        }
        words.append(Bytes(command.name))
        words.append(key)
        words.append(flags)
        words.append(time)
        words.append(cas)
        words.append(quietWord)
        return .value(size: size, isQuiet: isQuiet)
    }

    private func finish(
        _ value: Bytes,
        isWhole: Bool,
        isQuiet: Bool,
        into words: inout ArgumentVector
    ) -> Outcome {
        guard isWhole else {
            words.truncate(to: words.count - 6)
            return refuse("CLIENT_ERROR bad data chunk", isQuiet: isQuiet, into: &words)
        }
        words.append(value)
        return .request(command)
    }

    /// Completes a request whose value was received elsewhere.
    ///
    /// `line` is its line, for which `next` reported a value ahead; `isWhole` says whether the
    /// value was followed by a line end.
    public mutating func complete(
        _ line: Cell,
        _ value: Bytes,
        isWhole: Bool,
        into words: inout ArgumentVector
    ) -> MemcachedCommand {
        let hasReturn = line.byte(headByteCount - 2) == UInt8(ascii: "\r")
        var reader = MemcachedLine(line, 0, headByteCount - (hasReturn ? 2 : 1))
        _ = reader.word()
        ahead.expectNothing()
        if command == .ms {
            let outcome = completeMeta(&reader, value, isWhole: isWhole, into: &words)
            guard case .request(let command) = outcome else {
                preconditionFailure("a value completes its request")
            }
            return command
        }
        guard
            case .value(_, let isQuiet) = read(
                &reader,
                MemcachedLimits(itemBytesMax: .max),
                into: &words
            ),
            case .request(let command) = finish(
                value,
                isWhole: isWhole,
                isQuiet: isQuiet,
                into: &words
            )
        else { preconditionFailure("the line was parsed before") }
        return command
    }

    // MARK: Authentication

    /// The maximum length of a name and password.
    private static let credentialBytesMax = 1024

    /// What a client that must authenticate sends: `set key flags exptime bytes`, followed by its
    /// name and password as the value.
    mutating func credentials(
        _ name: Bytes,
        _ line: inout MemcachedLine,
        _ count: Int,
        _ position: inout Int,
        into words: inout ArgumentVector
    ) -> Outcome {
        let start = position
        position = lineNext
        guard name == Bytes(MemcachedCommand.set.name), line.word() != nil, line.word() != nil,
            line.word() != nil, let length = line.word(),
            let size = MemcachedNumber.unsigned(length), size <= MemcachedLimits.valueBytesMax
        else { return refuse("CLIENT_ERROR unauthenticated", into: &words) }
        guard size <= MemcachedParser.credentialBytesMax else {
            ahead.skipped = Int(size) + 2
            return refuse("CLIENT_ERROR authentication failure", into: &words)
        }
        guard count - position >= Int(size) + 2 else {
            return expectValue(Int(size), from: start, &position)
        }
        words.append(Bytes(MemcachedCommand.authenticate.name))
        words.append(line.buffer.bytes(position, Int(size)))
        position += Int(size) + 2
        return .request(.authenticate)
    }
}
