public import Primitives
public import Store
internal import Structures

/// The frame of a file: a header, facts about the writer, keys by their databases, an end.
///
/// ```text
/// "REDIS0010" │ facts │ database │ key, key, … │ database │ key, … │ … │ 255 │ CRC64
/// ```
/// The number of a database may stand there any number of times.
extension RDBWriter {
    /// The longest facts are those that name programs.
    private static let signature: StaticString = "REDIS"

    /// Appends the header of a file.
    public mutating func header(version: Int) {
        buffer.append(RDBWriter.signature)
        let digits = String(10_000 + version)
        buffer.append(string: String(digits.dropFirst()))
    }

    /// Appends something that readers may know by name, or ignore.
    public mutating func fact(_ name: StaticString, _ value: String) {
        buffer.append(RDBOpcode.fact)
        string(Bytes(name))
        Array(value.utf8).withBytes { string($0) }
    }

    /// Says in which database the keys that follow stand.
    public mutating func database(_ number: Int) {
        buffer.append(RDBOpcode.database)
        length(number)
    }

    /// Says how many keys a database has, and how many of them expire, so that a reader may make
    /// room.
    public mutating func sizes(keys: Int, volatile: Int) {
        buffer.append(RDBOpcode.sizes)
        length(keys)
        length(volatile)
    }

    /// Appends the key at `slot` with its expiry and value.
    ///
    /// Complexity: O(bytes).
    public mutating func key(_ slot: Shard.Slot) {
        if let expiry = slot.entry.expiry {
            buffer.append(RDBOpcode.milliseconds)
            fixed(expiry)
        }
        buffer.append(RDBWriter.type(of: slot).rawValue)
        string(slot.entry.key)
        value(of: slot)
    }

    /// Appends the mark that ends the keys; the checksum follows.
    public mutating func end() { buffer.append(RDBOpcode.end) }

    /// Appends a checksum, or zeros where there is none.
    public mutating func checksum(_ sum: CRC64?) {
        buffer.append(bytesOf: sum?.value ?? 0, 8)
    }

    /// Takes what was written, and goes on with an empty buffer.
    public mutating func take() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        return taken
    }
}
