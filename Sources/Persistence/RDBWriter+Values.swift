internal import Primitives
public import Store
internal import Structures

/// Writes values in formats that every server since Redis 5 can read, except for expiries of
/// fields.
extension RDBWriter {
    /// The encoding for the value at `slot`.
    public static func type(of slot: Shard.Slot) -> RDBType {
        switch slot.entry.kind {
        case .string: .string
        case .list: .list
        case .set:
            SetContent(slot.entry, in: slot.shard).encoding == .integers ? .setOfIntegers : .set
        case .sortedSet: .sortedSet
        case .hash: HashValue(slot).earliestExpiry == nil ? .hash : .hashWithExpiries
        case .stream: .stream2
        case .member: preconditionFailure("members are not keys")
        }
    }

    /// Appends the value at `slot`, without its type.
    ///
    /// Complexity: O(bytes).
    public mutating func value(of slot: Shard.Slot) {
        switch slot.entry.kind {
        case .string: string(StringValue.content(slot.entry))
        case .list: list(ListValue(slot))
        case .set: set(SetContent(slot.entry, in: slot.shard))
        case .sortedSet: sortedSet(SortedSetValue(slot))
        case .hash: hash(HashValue(slot))
        case .stream: stream(StreamValue(slot))
        case .member: preconditionFailure("members are not keys")
        }
    }

    private mutating func list(_ list: ListValue) {
        length(list.count)
        list.walk(from: 0, limit: .max) { item in
            string(item)
            return true
        }
    }

    private mutating func set(_ set: SetContent) {
        guard set.encoding == .integers else {
            length(set.count)
            return set.forEach { member in
                string(member)
                return true
            }
        }
        var blob = ByteBuffer()
        var width = 2
        set.forEach { member in
            guard case .integer(let number) = member else { return true }
            if Int64(Int16(truncatingIfNeeded: number)) != number { width = max(width, 4) }
            if Int64(Int32(truncatingIfNeeded: number)) != number { width = 8 }
            return width < 8
        }
        blob.append(bytesOf: UInt64(width), 4)
        blob.append(bytesOf: UInt64(set.count), 4)
        set.forEach { member in
            guard case .integer(let number) = member else { return true }
            blob.append(bytesOf: UInt64(bitPattern: number), width)
            return true
        }
        string(blob.bytes)
    }

    private mutating func sortedSet(_ set: SortedSetValue) {
        length(set.count)
        set.walk(from: 0, limit: .max) { member, score in
            string(member)
            self.score(score)
            return true
        }
    }

    private mutating func hash(_ hash: HashValue) {
        var nulls = NullFields()
        defer { nulls.write(to: &self) }
        guard hash.earliestExpiry != nil else {
            length(hash.count)
            return hash.forEach(now: .min) { name, value in
                pair(name, value, &nulls)
                return true
            }
        }
        // Expiries are relative to the earliest one, with 0 for none.
        let expiries = expiries(of: hash)
        let earliest = expiries.lazy.compactMap { $0 }.min() ?? 0
        fixed(earliest)
        length(hash.count)
        var index = 0
        hash.forEach(now: .min) { name, value in
            length(expiries[index].map { UInt64($0 - earliest + 1) } ?? 0)
            pair(name, value, &nulls)
            index += 1
            return true
        }
    }

    /// Appends a field and its value; adds the name to `nulls` if the value is null.
    mutating func pair(
        _ name: StringContent,
        _ value: StringContent?,
        _ nulls: inout NullFields
    ) {
        string(name)
        guard let value else {
            nulls.add(name)
            return string(Bytes())
        }
        string(value)
    }

    private func expiries(of hash: HashValue) -> [Int64?] {
        var expiries: [Int64?] = []
        expiries.reserveCapacity(hash.count)
        hash.forEach(now: .min) { name, _ in
            expiries.append(name.withBytes { hash.find($0, now: .min)?.expiry })
            return true
        }
        return expiries
    }

    mutating func string(_ content: StringContent) {
        switch content {
        case .bytes(let bytes): string(bytes)
        case .integer(let number): string(number)
        case .block(let block): string(block.bytes)
        }
    }
}
