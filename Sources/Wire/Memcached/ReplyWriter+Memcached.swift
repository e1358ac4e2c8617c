public import Primitives

/// Replies of memcached's text protocols.
extension ReplyWriter {
    /// Writes `text` and a line end.
    @inlinable
    public mutating func memcachedLine(_ text: StaticString) {
        buffer.append(text)
        buffer.append("\r\n")
    }

    /// Writes `text` and a line end, unless the request wants no reply (noreply).
    @inlinable
    public mutating func memcachedLine(_ text: StaticString, unless isQuiet: Bool) {
        if !isQuiet { memcachedLine(text) }
    }

    /// Writes `number` and a line end.
    public mutating func memcachedLine(unsigned number: UInt64) {
        buffer.append(unsigned: number)
        buffer.append("\r\n")
    }

    /// Writes `VALUE key flags bytes`, with ` cas` if that is not nil, and the value.
    public mutating func memcachedValue(
        _ key: Bytes,
        flags: UInt32,
        cas: UInt64?,
        _ value: Bytes
    ) {
        memcachedHead(key, flags, value.count, cas)
        buffer.append(value)
        buffer.append("\r\n")
    }

    /// As above, with a large value by reference.
    public mutating func memcachedValue(
        _ key: Bytes,
        flags: UInt32,
        cas: UInt64?,
        _ block: SharedBlock
    ) {
        memcachedHead(key, flags, block.count, cas)
        data(block)
        buffer.append("\r\n")
    }

    private mutating func memcachedHead(
        _ key: Bytes,
        _ flags: UInt32,
        _ count: Int,
        _ cas: UInt64?
    ) {
        buffer.append("VALUE ")
        buffer.append(key)
        buffer.append(" ")
        buffer.append(unsigned: UInt64(flags))
        buffer.append(" ")
        buffer.append(unsigned: UInt64(count))
        if let cas {
            buffer.append(" ")
            buffer.append(unsigned: cas)
        }
        buffer.append("\r\n")
    }

    /// Writes the bytes of a large value, by reference if that pays.
    public mutating func data(_ block: SharedBlock) {
        guard block.count >= ReplyWriter.referenceBytesMin else {
            return buffer.append(block.bytes)
        }
        block.retain()
        references.append(Reference(position: buffer.count, block: block))
    }
}
