import Primitives

@testable import Store
@testable import Structures

/// A 64-bit digest of a value's content, independent of its encoding and its tables' layout.
struct ContentDigest {
    private static let hasher = KeyHasher()
    private(set) var value: UInt64 = 0

    /// The digest of a key with its value and expiry, to compare two points in time.
    static func of(_ slot: Shard.Slot) -> UInt64 {
        let entry = slot.entry
        var digest = ContentDigest()
        digest.append(UInt64(bitPattern: entry.expiry ?? -1))
        digest.append(of(valueAt: slot))
        return digest.value
    }

    /// The digest of the value only.
    static func of(valueAt slot: Shard.Slot) -> UInt64 {
        let entry = slot.entry
        guard entry.isKind(.string) else {
            return of(entry.kind, entry.encoding, entry.collection, in: slot.shard)
        }
        return StringValue.withBytes(entry) { of($0) }
    }

    /// The digest of a collection, whether it belongs to a key or not.
    static func of(
        _ kind: EntryKind,
        _ encoding: UInt8,
        _ root: Handle,
        in shard: Shard
    ) -> UInt64 {
        var digest = ContentDigest()
        digest.append(UInt64(kind.rawValue))
        switch kind {
        case .list: digest.appendList(encoding, root, shard)
        case .set: digest.appendSet(encoding, root, shard)
        case .sortedSet: digest.appendSortedSet(encoding, root, shard)
        case .hash: digest.appendHash(encoding, root, shard)
        case .stream: digest.appendStream(Stream(root, shard.arena), shard)
        case .string, .member: preconditionFailure("not a collection")
        }
        return digest.value
    }

    /// The digest of bytes.
    static func of(_ bytes: Bytes) -> UInt64 { hasher(bytes).bits }

    private static func of(_ item: PackItem) -> UInt64 { item.withText { of($0) } }

    /// Appends a number to the digested text.
    mutating func append(_ number: UInt64) {
        value = (value ^ number) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }

    private mutating func append(_ id: StreamID) {
        append(id.milliseconds)
        append(id.sequence)
    }

    // MARK: Kinds

    private mutating func appendList(_ encoding: UInt8, _ root: Handle, _ shard: Shard) {
        if encoding == ListValue.Encoding.node.rawValue {
            ListNode(shard.arena.cell(root)).walk(from: 0, limit: .max, reversed: false) {
                append(ContentDigest.of($0))
                return true
            }
        } else {
            let list = UnrolledList(root, shard.arena)
            list.walk(from: 0, limit: .max, reversed: false, shard.arena) {
                append(ContentDigest.of($0))
                return true
            }
        }
    }

    private mutating func appendSet(_ encoding: UInt8, _ root: Handle, _ shard: Shard) {
        guard let encoding = SetContent.Encoding(rawValue: encoding) else { return }
        var sum: UInt64 = 0
        SetContent(encoding, root, in: shard).forEach {
            sum &+= ContentDigest.of($0)
            return true
        }
        append(sum)
    }

    private mutating func appendSortedSet(_ encoding: UInt8, _ root: Handle, _ shard: Shard) {
        func add(_ member: Bytes, _ score: Double) -> Bool {
            append(ContentDigest.of(member))
            append(score.bitPattern)
            return true
        }
        if encoding == SortedSetValue.Encoding.pack.rawValue {
            SortedPack(shard.arena.cell(root)).walk(from: 0, limit: .max, reversed: false, add)
        } else {
            let table = OrderedTable(root, shard.arena)
            table.walk(from: 0, limit: .max, reversed: false, shard.arena, add)
        }
    }

    private mutating func appendHash(_ encoding: UInt8, _ root: Handle, _ shard: Shard) {
        var sum: UInt64 = 0
        func add(_ name: UInt64, _ value: UInt64, _ expiry: Int64?) {
            var field = ContentDigest()
            field.append(name)
            field.append(value)
            field.append(UInt64(bitPattern: expiry ?? -1))
            sum &+= field.value
        }
        if encoding == HashValue.Encoding.table.rawValue {
            FieldTable(root, shard.arena).table.forEach(shard.arena) { location in
                let entry = location.entry
                let isNull = entry.stringEncoding == .null
                let value = isNull ? 1 : StringValue.withBytes(entry) { ContentDigest.of($0) }
                add(ContentDigest.of(entry.key), value, entry.expiry)
            }
        } else {
            let isVolatile = encoding == HashValue.Encoding.volatilePack.rawValue
            FieldPack(shard.arena.cell(root), isVolatile: isVolatile).forEach { field in
                let value = field.value.map { ContentDigest.of($0) } ?? 1
                add(ContentDigest.of(field.name), value, field.expiry)
                return true
            }
        }
        append(sum)
    }

    // MARK: Streams

    private mutating func appendStream(_ stream: Stream, _ shard: Shard) {
        append(UInt64(stream.count))
        append(UInt64(bitPattern: stream.addedCount))
        append(stream.lastID)
        append(stream.deletedIDMax)
        stream.walk(.zero, .max, shard.arena) { item in
            append(item.id)
            item.forEachWord { word in
                switch word {
                case .bytes(let bytes): append(ContentDigest.of(bytes))
                case .integer(let number): append(UInt64(bitPattern: number))
                }
            }
            return true
        }
        for index in 0..<stream.groupCount(shard.arena) {
            append(stream.group(at: index, shard.arena), shard)
        }
        if let memory = stream.memory(shard.arena) { append(memory, shard) }
    }

    private mutating func append(_ group: StreamGroup, _ shard: Shard) {
        append(ContentDigest.of(group.name))
        append(group.lastID)
        append(UInt64(bitPattern: group.readCount))
        group.walkPending(of: nil, .zero, .max, shard.arena) { entry in
            append(entry.id)
            append(UInt64(bitPattern: entry.time))
            append(UInt64(bitPattern: entry.deliveries))
            append(ContentDigest.of(entry.consumerName(shard.arena)))
            return true
        }
        for index in 0..<group.consumers.count(shard.arena) {
            let consumer = group.consumer(at: index, shard.arena)
            append(ContentDigest.of(consumer.name))
            append(UInt64(bitPattern: consumer.seen))
            append(UInt64(bitPattern: consumer.active))
        }
    }

    private mutating func append(_ memory: StreamMemory, _ shard: Shard) {
        append(UInt64(memory.duration))
        append(UInt64(memory.countMax))
        append(UInt64(bitPattern: memory.addedCount))
        append(UInt64(bitPattern: memory.duplicateCount))
        for index in 0..<memory.producerCount(shard.arena) {
            var known = memory.oldest(ofProducer: index, shard.arena)
            while let message = known {
                append(ContentDigest.of(message.name))
                append(message.id)
                append(UInt64(bitPattern: message.time))
                known = memory.next(message, shard.arena)
            }
        }
    }
}

extension [UInt8] {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}
