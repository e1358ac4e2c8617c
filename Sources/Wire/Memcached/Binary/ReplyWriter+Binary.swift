public import Primitives

/// Replies of memcached's binary protocol.
extension ReplyWriter {
    /// Writes a header and the extras and the key behind it; `valueCount` bytes must follow.
    public mutating func binaryHead(
        _ request: BinaryHeader,
        _ status: BinaryStatus = .success,
        extras: UInt32? = nil,
        key: Bytes = Bytes(),
        valueCount: Int,
        cas: UInt64 = 0
    ) {
        let extrasCount = extras == nil ? 0 : 4
        let bodyCount = UInt32(truncatingIfNeeded: extrasCount + key.count + valueCount)
        buffer.append(count: BinaryHeader.byteCount + extrasCount) { head in
            head.store(BinaryHeader.replyMagic, 0)
            head.store(request.opcode, 1)
            head.store(UInt16(truncatingIfNeeded: key.count).bigEndian, 2)
            head.store(UInt16(truncatingIfNeeded: extrasCount), 4)
            head.store(status.rawValue.bigEndian, 6)
            head.store(bodyCount.bigEndian, 8)
            head.store(request.opaque, 12)
            head.store(cas.bigEndian, 16)
            if let extras { head.store(extras.bigEndian, BinaryHeader.byteCount) }
        }
        buffer.append(key)
    }

    /// Writes a reply of `value` alone.
    public mutating func binary(
        _ request: BinaryHeader,
        _ status: BinaryStatus = .success,
        value: Bytes,
        cas: UInt64 = 0
    ) {
        binaryHead(request, status, valueCount: value.count, cas: cas)
        buffer.append(value)
    }

    /// Writes that a request has succeeded.
    public mutating func binaryDone(_ request: BinaryHeader, cas: UInt64 = 0) {
        binaryHead(request, valueCount: 0, cas: cas)
    }

    /// Writes that a request has failed, in the usual words.
    public mutating func binaryFailure(_ request: BinaryHeader, _ status: BinaryStatus) {
        binary(request, status, value: Bytes(status.text))
    }
}
