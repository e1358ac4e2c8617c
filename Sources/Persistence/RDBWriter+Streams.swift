internal import Primitives
internal import Store
internal import Structures

/// Writes streams in the format of Redis 7.0.
///
/// Listpacks of up to a hundred entries each are followed by the stream's counters and its groups.
extension RDBWriter {
    /// The maximum number of entries per listpack.
    private static let entriesMax = 100
    /// The number of bytes of entries after which a listpack ends.
    private static let packBytesMax = 4096
    /// The flag of an entry with the same fields as the first one.
    private static let sameFields: Int64 = 2

    mutating func stream(_ stream: StreamValue) {
        length(packCount(stream))
        packs(stream)
        length(stream.count)
        id(stream.lastID)
        id(stream.firstID)
        id(stream.deletedIDMax)
        length(UInt64(bitPattern: stream.addedCount))
        length(stream.groupCount)
        for index in 0..<stream.groupCount { group(stream.group(at: index), of: stream) }
    }

    private mutating func id(_ id: StreamID) {
        length(id.milliseconds)
        length(id.sequence)
    }

    private mutating func rawID(_ id: StreamID) {
        buffer.append(bytesOf: id.milliseconds.byteSwapped, 8)
        buffer.append(bytesOf: id.sequence.byteSwapped, 8)
    }

    // MARK: Entries

    /// The number of listpacks that `packs` writes.
    private func packCount(_ stream: StreamValue) -> Int {
        var cut = PackCut()
        stream.walk(.zero, .max) { entry in
            cut.add(RDBWriter.byteCount(of: entry))
            return true
        }
        return cut.packs
    }

    /// Determines where listpacks end.
    private struct PackCut {
        var packs = 0
        private var entries = 0
        private var bytes = 0

        /// Adds an entry; returns whether it is the first one of a listpack.
        @discardableResult
        mutating func add(_ byteCount: Int) -> Bool {
            let isFirst =
                packs == 0 || entries == RDBWriter.entriesMax
                || bytes + byteCount > RDBWriter.packBytesMax
            if isFirst { (packs, entries, bytes) = (packs + 1, 0, 0) }
            entries += 1
            bytes += byteCount
            return isFirst
        }
    }

    private static func byteCount(of entry: StreamPack.Item) -> Int {
        var count = 0
        entry.forEachWord { word in
            switch word {
            case .bytes(let bytes): count += bytes.count
            case .integer: count += 8
            }
        }
        return count
    }

    private mutating func packs(_ stream: StreamValue) {
        var open: [StreamPack.Item] = []
        var cut = PackCut()
        stream.walk(.zero, .max) { entry in
            if cut.add(RDBWriter.byteCount(of: entry)), !open.isEmpty {
                pack(open)
                open.removeAll(keepingCapacity: true)
            }
            open.append(entry)
            return true
        }
        if !open.isEmpty { pack(open) }
    }

    /// Appends a listpack of `entries`, the first of which determines its fields.
    private mutating func pack(_ entries: [StreamPack.Item]) {
        let first = entries[0]
        let names = RDBWriter.names(of: first)
        pack.begin()
        pack.append(Int64(entries.count))
        pack.append(0)
        pack.append(Int64(names.count))
        for name in names { pack.append(PackItem(name)) }
        pack.append(0)
        for entry in entries {
            let isSame = RDBWriter.hasNames(names, entry)
            pack.append(isSame ? RDBWriter.sameFields : 0)
            pack.append(Int64(bitPattern: entry.id.milliseconds &- first.id.milliseconds))
            pack.append(Int64(bitPattern: entry.id.sequence &- first.id.sequence))
            let fieldCount = Int64(entry.fieldCount)
            if !isSame { pack.append(fieldCount) }
            var isName = true
            entry.forEachWord { word in
                if !isName || !isSame { pack.append(PackItem(word)) }
                isName.toggle()
            }
            pack.append(isSame ? fieldCount + 3 : 2 * fieldCount + 4)
        }
        length(16)
        rawID(first.id)
        string(pack.finish())
    }

    private static func names(of entry: StreamPack.Item) -> [StreamWord] {
        var names: [StreamWord] = []
        var isName = true
        entry.forEachWord { word in
            if isName { names.append(word) }
            isName.toggle()
        }
        return names
    }

    private static func hasNames(_ names: [StreamWord], _ entry: StreamPack.Item) -> Bool {
        guard entry.fieldCount == names.count else { return false }
        var isSame = true
        var index = 0
        entry.forEachWord { word in
            if index % 2 == 0 { isSame = isSame && PackItem(word) == PackItem(names[index / 2]) }
            index += 1
        }
        return isSame
    }

    // MARK: Groups

    private mutating func group(_ group: StreamGroup, of stream: StreamValue) {
        string(group.name)
        id(group.lastID)
        length(UInt64(bitPattern: group.readCount))
        length(group.pending.count)
        var orphans: [StreamID] = []
        stream.walkPending(group, .zero, .max) { entry in
            rawID(entry.id)
            fixed(entry.time)
            length(UInt64(max(entry.deliveries, 0)))
            if !entry.hasConsumer { orphans.append(entry.id) }
            return true
        }
        let consumerCount = stream.consumerCount(group)
        length(consumerCount + (orphans.isEmpty ? 0 : 1))
        for index in 0..<consumerCount {
            let consumer = stream.consumer(group, at: index)
            string(consumer.name)
            fixed(consumer.seen)
            length(consumer.pending.count)
            stream.walkPending(group, of: consumer, .zero, .max) { entry in
                rawID(entry.id)
                return true
            }
        }
        guard !orphans.isEmpty else { return }
        // No version of the format has pending entries without a consumer.
        string(Bytes(RDBWriter.orphansName))
        fixed(0)
        length(orphans.count)
        for id in orphans { rawID(id) }
    }

    /// The consumer that pending entries without one are assigned to.
    static let orphansName: StaticString = "apus:released"
}

extension PackItem {
    /// The item for a word of a stream.
    init(_ word: StreamWord) {
        switch word {
        case .bytes(let bytes): self = .bytes(bytes)
        case .integer(let number): self = .integer(number)
        }
    }
}
