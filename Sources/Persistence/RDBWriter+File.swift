public import Primitives
public import Store
internal import Structures

/// Writes the structure of a file: header, facts about the writer, keys by database, end marker.
///
/// ```text
/// "REDIS0010" │ facts │ database │ key, key, … │ database │ key, … │ … │ 255 │ CRC64
/// ```
/// A database may be selected any number of times.
extension RDBWriter {
    private static let signature: StaticString = "REDIS"

    /// Appends the header of a file.
    public mutating func header(version: Int) {
        buffer.append(RDBWriter.signature)
        let digits = String(10_000 + version)
        buffer.append(string: String(digits.dropFirst()))
    }

    /// Appends a fact, which readers may ignore.
    public mutating func fact(_ name: StaticString, _ value: String) {
        buffer.append(RDBOpcode.fact)
        string(Bytes(name))
        Array(value.utf8).withBytes { string($0) }
    }

    /// Selects the database of the keys that follow.
    public mutating func database(_ number: Int) {
        buffer.append(RDBOpcode.database)
        length(number)
    }

    /// Appends the number of keys in a database, and how many of them expire.
    ///
    /// Readers may use it to reserve memory.
    public mutating func sizes(keys: Int, volatile: Int) {
        buffer.append(RDBOpcode.sizes)
        length(keys)
        length(volatile)
    }

    /// Appends the key at `slot` with its expiry and value.
    ///
    /// Complexity: O(bytes).
    public mutating func key(_ slot: Shard.Slot) {
        head(of: slot)
        value(of: slot)
    }

    /// Appends what precedes the value at `slot`: expiry, type and key, and before them, as a fact
    /// that other readers ignore, what memcached's protocols keep.
    mutating func head(of slot: Shard.Slot) {
        if slot.entry.isKind(.string), slot.entry.isItem {
            let head = slot.entry.itemHead
            fact(RDBFile.itemFact, "\(head.flags) \(head.cas) \(head.state.rawValue)")
        }
        if let expiry = slot.entry.expiry {
            buffer.append(RDBOpcode.milliseconds)
            fixed(expiry)
        }
        buffer.append(RDBWriter.type(of: slot).rawValue)
        string(slot.entry.key)
    }

    /// Appends the end marker, which is followed by the checksum.
    public mutating func end() { buffer.append(RDBOpcode.end) }

    /// Appends a checksum, or zeros for nil.
    public mutating func checksum(_ sum: CRC64?) {
        buffer.append(bytesOf: sum?.value ?? 0, 8)
    }

    /// Removes and returns the contents, and continues with an empty buffer.
    public mutating func take() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        return taken
    }
}
