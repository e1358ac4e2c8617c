public import Primitives

/// Splits the bytes of a connection into requests of memcached's binary protocol.
///
/// The words of a request point into the given bytes; nothing is copied. All requests have the same
/// five: `name key header extras value`, of which any but the first and the third may be empty. A
/// request that cannot be run is the command `binaryRefuse`, with the status in place of the extras
/// and a value exactly if the connection must end.
public struct BinaryParser: ~Copyable {
    /// The longest name of a SASL mechanism.
    private static let mechanismBytesMax = 32
    /// The longest response of a SASL client.
    private static let credentialBytesMax = 1024

    private var ahead = BytesAhead()

    /// Creates a parser between two requests.
    public init() {}

    /// The length of the value being received, in bytes; nil if there is none.
    public var valueAhead: Int? { ahead.valueLength }

    /// The number of bytes of the request before that value.
    public var headByteCount: Int { ahead.headByteCount }

    /// Reads one request from `buffer[position...]`, advancing `position` past what was consumed.
    ///
    /// Complexity: O(1).
    public mutating func next(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> MemcachedParser.Outcome {
        guard position < count else { return .incomplete }
        if _slowPath(ahead.skipped > 0) {
            ahead.skip(count, &position)
            return .nothing
        }
        guard buffer.byte(position) == BinaryHeader.requestMagic else { return .ends }
        guard count - position >= BinaryHeader.byteCount else { return .incomplete }
        ahead.expectNothing()
        let header = BinaryHeader(buffer, position)
        let start = position
        if let status = fault(header, limits) {
            let isFatal = status != .unknownCommand || header.partCount > header.bodyCount
            position = isFatal ? count : position + BinaryHeader.byteCount
            if !isFatal { ahead.skipped = header.bodyCount }
            let head = buffer.bytes(start, BinaryHeader.byteCount)
            return refuse(head, status, ends: isFatal, into: &words)
        }
        guard let opcode = BinaryOpcode(rawValue: header.opcode) else {
            preconditionFailure("an unknown one is at fault")
        }
        let headCount = BinaryHeader.byteCount + header.partCount
        guard count - position >= headCount else { return .incomplete }
        let request = Request(buffer, position, header, opcode)
        guard request.allowsValue(limits) else {
            position += headCount
            ahead.skipped = request.valueCount
            guard opcode.storesValue else {
                return refuse(request.header, .invalid, ends: false, into: &words)
            }
            request.append(Bytes(), as: .binaryTooLarge, to: &words)
            return .request(.binaryTooLarge)
        }
        guard count - position >= BinaryHeader.byteCount + header.bodyCount else {
            ahead.expectValue(request.valueCount, behind: headCount)
            return .incomplete
        }
        position += BinaryHeader.byteCount + header.bodyCount
        let value = buffer.bytes(start + headCount, request.valueCount)
        request.append(value, as: opcode.command, to: &words)
        return .request(opcode.command)
    }

    /// Completes a request whose value was received elsewhere.
    ///
    /// `head` holds what came before the value, of which `next` has said that it is ahead.
    public mutating func complete(
        _ head: Cell,
        _ value: Bytes,
        into words: inout ArgumentVector
    ) -> MemcachedCommand {
        let header = BinaryHeader(head, 0)
        guard let opcode = BinaryOpcode(rawValue: header.opcode) else {
            preconditionFailure("the header was read before")
        }
        ahead.expectNothing()
        Request(head, 0, header, opcode).append(value, as: opcode.command, to: &words)
        return opcode.command
    }

    /// What keeps a request from being one at all.
    private func fault(_ header: BinaryHeader, _ limits: MemcachedLimits) -> BinaryStatus? {
        guard header.partCount <= header.bodyCount else { return .unknownCommand }
        let opcode = BinaryOpcode(rawValue: header.opcode)
        if limits.unauthenticated, opcode?.needsNoUser != true { return .authenticationFailed }
        guard header.keyCount <= MemcachedLimits.keyBytesMax else { return .invalid }
        guard let opcode else { return .unknownCommand }
        let (extras, key) = (header.extrasCount, header.keyCount)
        let value = header.bodyCount - header.partCount
        return opcode.accepts(extras: extras, key: key, value: value) ? nil : .invalid
    }

    /// A request that is answered with `status` alone, after which the connection may end.
    private func refuse(
        _ header: Bytes,
        _ status: BinaryStatus,
        ends: Bool,
        into words: inout ArgumentVector
    ) -> MemcachedParser.Outcome {
        words.append(Bytes(MemcachedCommand.binaryRefuse.name))
        words.append(Bytes())
        words.append(header)
        words.append(Bytes(status.text))
        words.append(ends ? Bytes("ends") : Bytes())
        return .request(.binaryRefuse)
    }

    /// A request whose header, extras and key have arrived.
    private struct Request {
        let header: Bytes
        let extras: Bytes
        let key: Bytes
        let opcode: BinaryOpcode
        let valueCount: Int

        init(_ buffer: Cell, _ start: Int, _ header: BinaryHeader, _ opcode: BinaryOpcode) {
            self.header = buffer.bytes(start, BinaryHeader.byteCount)
            let body = start + BinaryHeader.byteCount
            extras = buffer.bytes(body, header.extrasCount)
            key = buffer.bytes(body + header.extrasCount, header.keyCount)
            valueCount = header.bodyCount - header.partCount
            self.opcode = opcode
        }

        /// Whether its value may be so long.
        func allowsValue(_ limits: MemcachedLimits) -> Bool {
            if opcode.storesValue {
                let hasFlags = !extras.isEmpty && extras.bigEndian(0, as: UInt32.self) != 0
                return limits.allowsItem(key: key.count, value: valueCount, hasFlags: hasFlags)
            }
            return opcode.command != .binarySaslAuth
                || key.count <= mechanismBytesMax && valueCount <= credentialBytesMax
        }

        func append(
            _ value: Bytes,
            as command: MemcachedCommand,
            to words: inout ArgumentVector
        ) {
            words.append(Bytes(command.name))
            words.append(key)
            words.append(header)
            words.append(extras)
            words.append(value)
        }
    }
}
