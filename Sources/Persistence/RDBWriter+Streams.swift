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

    /// The part of a stream to write next.
    enum StreamStage {
        case begin
        /// Entries, from an id up to the last one, are counted into listpacks.
        case countPacks(from: StreamID, PackCut, to: StreamID)
        /// The listpack that starts with the first entry from an id on, and those up to the last.
        case pack(from: StreamID, to: StreamID)
        case counters
        case group(Int)
        /// The pending entries of a group from an id on; `orphans` have no consumer.
        case pending(group: Int, from: StreamID, orphans: [StreamID])
        /// A consumer of a group, whose pending entries follow.
        case consumer(Int, group: Int, orphans: [StreamID])
        case pendingOf(consumer: Int, group: Int, from: StreamID, orphans: [StreamID])
    }

    mutating func stream(_ stream: StreamValue) {
        var stage = StreamStage.begin
        var budget = Int.max
        while let next = write(stage, of: stream, &budget) { stage = next }
    }

    /// Writes a part of a stream; returns what follows, or nil at the end.
    mutating func write(
        _ stage: StreamStage,
        of stream: StreamValue,
        _ budget: inout Int
    ) -> StreamStage? {
        budget -= 1
        switch stage {
        case .begin: return .countPacks(from: .zero, PackCut(), to: stream.lastID)
        case .countPacks(let id, var cut, let last):
            guard let next = count(&cut, of: stream, from: id, to: last, &budget) else {
                length(cut.packs)
                return .pack(from: .zero, to: last)
            }
            return .countPacks(from: next, cut, to: last)
        case .pack(let id, let last):
            return pack(of: stream, from: id, to: last, &budget) ?? .counters
        case .counters:
            counters(stream)
            return stream.groupCount > 0 ? .group(0) : nil
        case .group(let index):
            let group = stream.group(at: index)
            string(group.name)
            id(group.lastID)
            length(UInt64(bitPattern: group.readCount))
            length(group.pending.count)
            return .pending(group: index, from: .zero, orphans: [])
        case .pending(let index, let id, let orphans):
            return pending(ofGroup: index, stream, from: id, orphans, &budget)
        case .consumer(let number, let index, let orphans):
            return consumer(number, ofGroup: index, stream, orphans)
        case .pendingOf(let number, let index, let id, let orphans):
            let group = stream.group(at: index)
            let consumer = stream.consumer(group, at: number)
            let next = writeIDs(stream, group, of: consumer, from: id, &budget)
            return next.map {
                .pendingOf(consumer: number, group: index, from: $0, orphans: orphans)
            } ?? .consumer(number + 1, group: index, orphans: orphans)
        }
    }

    private mutating func counters(_ stream: StreamValue) {
        length(stream.count)
        id(stream.lastID)
        id(stream.firstID)
        id(stream.deletedIDMax)
        length(UInt64(bitPattern: stream.addedCount))
        length(stream.groupCount)
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

    /// Counts the listpacks of the entries from `id` on; returns where to continue, or nil.
    private func count(
        _ cut: inout PackCut,
        of stream: StreamValue,
        from id: StreamID,
        to last: StreamID,
        _ budget: inout Int
    ) -> StreamID? {
        var next: StreamID?
        stream.walk(id, last) { entry in
            guard budget > 0 else {
                next = entry.id
                return false
            }
            budget -= 1
            cut.add(RDBWriter.byteCount(of: entry))
            return true
        }
        return next
    }

    /// Determines where listpacks end.
    struct PackCut {
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

    /// Writes the listpack of the entries from `id` on; returns the next part, or nil.
    private mutating func pack(
        of stream: StreamValue,
        from id: StreamID,
        to last: StreamID,
        _ budget: inout Int
    ) -> StreamStage? {
        var entries: [StreamPack.Item] = []
        var cut = PackCut()
        var next: StreamID?
        stream.walk(id, last) { entry in
            if cut.add(RDBWriter.byteCount(of: entry)), !entries.isEmpty {
                next = entry.id
                return false
            }
            entries.append(entry)
            return true
        }
        budget -= entries.count
        if !entries.isEmpty { pack(entries) }
        return next.map { .pack(from: $0, to: last) }
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

    /// Writes the pending entries of a group from `id` on; its consumers follow.
    private mutating func pending(
        ofGroup index: Int,
        _ stream: StreamValue,
        from id: StreamID,
        _ orphans: [StreamID],
        _ budget: inout Int
    ) -> StreamStage {
        let group = stream.group(at: index)
        var orphans = orphans
        var next: StreamID?
        stream.walkPending(group, id, .max) { entry in
            guard budget > 0 else {
                next = entry.id
                return false
            }
            budget -= 1
            rawID(entry.id)
            fixed(entry.time)
            length(UInt64(max(entry.deliveries, 0)))
            if !entry.hasConsumer { orphans.append(entry.id) }
            return true
        }
        if let next { return .pending(group: index, from: next, orphans: orphans) }
        length(stream.consumerCount(group) + (orphans.isEmpty ? 0 : 1))
        return .consumer(0, group: index, orphans: orphans)
    }

    /// Writes a consumer, whose pending entries follow.
    ///
    /// After the last consumer, the orphans follow, then the next group or nil.
    private mutating func consumer(
        _ number: Int,
        ofGroup index: Int,
        _ stream: StreamValue,
        _ orphans: [StreamID]
    ) -> StreamStage? {
        let group = stream.group(at: index)
        guard number == stream.consumerCount(group) else {
            let consumer = stream.consumer(group, at: number)
            string(consumer.name)
            fixed(consumer.seen)
            length(consumer.pending.count)
            return .pendingOf(consumer: number, group: index, from: .zero, orphans: orphans)
        }
        if !orphans.isEmpty {
            // No version of the format has pending entries without a consumer.
            string(Bytes(RDBWriter.orphansName))
            fixed(0)
            length(orphans.count)
            for id in orphans { rawID(id) }
        }
        return index + 1 < stream.groupCount ? .group(index + 1) : nil
    }

    /// Writes the ids of a consumer's pending entries from `id` on; returns where to continue, or
    /// nil.
    private mutating func writeIDs(
        _ stream: StreamValue,
        _ group: StreamGroup,
        of consumer: StreamConsumer,
        from id: StreamID,
        _ budget: inout Int
    ) -> StreamID? {
        var next: StreamID?
        stream.walkPending(group, of: consumer, id, .max) { entry in
            guard budget > 0 else {
                next = entry.id
                return false
            }
            budget -= 1
            rawID(entry.id)
            return true
        }
        return next
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
