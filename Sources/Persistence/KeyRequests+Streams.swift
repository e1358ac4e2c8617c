internal import Primitives
internal import Store
internal import Structures

/// The requests that make a stream.
///
/// An entry may be pending although it was deleted, but XCLAIM only accepts entries that exist. So
/// such entries get *stand-ins*, which are deleted again once they have been claimed.
extension KeyRequests {
    /// What of a stream to write next.
    enum StreamStage {
        /// Looks for pending entries of a group that are gone, from an id on.
        case standIns(group: Int, from: StreamID)
        /// Entries from an id on, with the stand-ins from an index on.
        case entries(from: StreamID, standIn: Int)
        case group(Int)
        case consumers(group: Int)
        /// The pending entries of a group from an id on.
        case pending(group: Int, from: StreamID)
        /// Deletes the stand-ins from an index on.
        case removal(standIn: Int)
        case position
    }

    /// Writes a part of a stream; returns what follows, or nil at the end.
    mutating func write(
        _ stage: StreamStage,
        of slot: Shard.Slot,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) -> StreamStage? {
        let stream = StreamValue(slot)
        budget -= 1
        switch stage {
        case .standIns(let index, let id):
            guard index < stream.groupCount else {
                standIns = KeyRequests.ascending(standIns)
                return .entries(from: .zero, standIn: 0)
            }
            let next = findStandIns(stream, group: index, from: id, &budget)
            return next.map { .standIns(group: index, from: $0) }
                ?? .standIns(group: index + 1, from: .zero)
        case .entries(let id, let standIn):
            return entries(of: stream, from: id, standIn, &writer, &budget)
        case .group(let index): return group(index, of: stream, &writer)
        case .consumers(let index):
            idleConsumers(ofGroup: index, stream, &writer)
            return .pending(group: index, from: .zero)
        case .pending(let index, let id):
            let next = pending(ofGroup: index, stream, from: id, &writer, &budget)
            return next.map { .pending(group: index, from: $0) } ?? .group(index + 1)
        case .removal(let standIn): return removal(from: standIn, of: stream, &writer)
        case .position:
            position(of: stream, &writer)
            messages(of: stream, &writer)
            return nil
        }
    }

    // MARK: Entries

    private mutating func findStandIns(
        _ stream: StreamValue,
        group index: Int,
        from id: StreamID,
        _ budget: inout Int
    ) -> StreamID? {
        var next: StreamID?
        var found: [StreamID] = []
        stream.walkPending(stream.group(at: index), id, .max) { entry in
            guard budget > 0 else {
                next = entry.id
                return false
            }
            budget -= 1
            if stream.find(entry.id) == nil { found.append(entry.id) }
            return true
        }
        standIns += found
        return next
    }

    private static func ascending(_ ids: [StreamID]) -> [StreamID] {
        var distinct: [StreamID] = []
        for id in ids.sorted() where distinct.last != id { distinct.append(id) }
        return distinct
    }

    private func entries(
        of stream: StreamValue,
        from id: StreamID,
        _ standIn: Int,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) -> StreamStage {
        let key = stream.slot.entry.key
        var standIn = standIn
        var next: StreamID?
        stream.walk(id, .max) { entry in
            guard budget > 0 else {
                next = entry.id
                return false
            }
            budget -= 1
            while standIn < standIns.count, standIns[standIn] < entry.id {
                writer.standIn(standIns[standIn], key)
                standIn += 1
            }
            writer.begin("XADD")
            writer.word(key)
            writer.word(entry.id)
            entry.forEachWord { writer.word(PackItem($0)) }
            writer.end()
            return true
        }
        if let next { return .entries(from: next, standIn: standIn) }
        for id in standIns[standIn...] { writer.standIn(id, key) }
        if stream.count == 0, standIns.isEmpty {
            // The shortest request that makes an empty stream.
            writer.begin("XADD")
            writer.word(key)
            for word: StaticString in ["MAXLEN", "0", "0-1", "x", "y"] { writer.word(word) }
            writer.end()
        }
        return .group(0)
    }

    /// Deletes stand-ins: those before the first entry by trimming, which is not remembered as a
    /// deletion, as theirs was not either.
    private func removal(
        from standIn: Int,
        of stream: StreamValue,
        _ writer: inout RequestWriter
    ) -> StreamStage {
        guard !standIns.isEmpty else { return .position }
        let key = stream.slot.entry.key
        let first = stream.count > 0 ? stream.firstID : nil
        writer.begin("XTRIM")
        writer.word(key)
        writer.word(first == nil ? "MAXLEN" : "MINID")
        writer.word("=")
        if let first { writer.word(first) } else { writer.word("0") }
        writer.end()
        for id in standIns where first.map({ id > $0 }) ?? false {
            writer.item("XDEL", key)
            writer.word(id)
        }
        writer.endItems()
        return .position
    }

    private func position(of stream: StreamValue, _ writer: inout RequestWriter) {
        writer.begin("XSETID")
        writer.word(stream.slot.entry.key)
        writer.word(stream.lastID)
        writer.word("ENTRIESADDED")
        writer.word(stream.addedCount)
        writer.word("MAXDELETEDID")
        writer.word(stream.deletedIDMax)
        writer.end()
    }

    // MARK: Groups

    private func group(
        _ index: Int,
        of stream: StreamValue,
        _ writer: inout RequestWriter
    ) -> StreamStage {
        guard index < stream.groupCount else { return .removal(standIn: 0) }
        let group = stream.group(at: index)
        writer.begin("XGROUP")
        writer.word("CREATE")
        writer.word(stream.slot.entry.key)
        writer.word(group.name)
        writer.word(group.lastID)
        writer.word("ENTRIESREAD")
        writer.word(group.readCount)
        writer.end()
        return .consumers(group: index)
    }

    /// Makes the consumers that no pending entry makes.
    private func idleConsumers(
        ofGroup index: Int,
        _ stream: StreamValue,
        _ writer: inout RequestWriter
    ) {
        let group = stream.group(at: index)
        for number in 0..<stream.consumerCount(group) {
            let consumer = stream.consumer(group, at: number)
            guard consumer.pending.count == 0 else { continue }
            writer.begin("XGROUP")
            writer.word("CREATECONSUMER")
            writer.word(stream.slot.entry.key)
            writer.word(group.name)
            writer.word(consumer.name)
            writer.end()
        }
    }

    private func pending(
        ofGroup index: Int,
        _ stream: StreamValue,
        from id: StreamID,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) -> StreamID? {
        let key = stream.slot.entry.key
        let group = stream.group(at: index)
        var next: StreamID?
        stream.walkPending(group, id, .max) { entry in
            guard budget > 0 else {
                next = entry.id
                return false
            }
            budget -= 1
            guard entry.hasConsumer else {
                writer.released(entry, key, group.name)
                return true
            }
            writer.begin("XCLAIM")
            writer.word(key)
            writer.word(group.name)
            writer.word(stream.consumerName(entry))
            writer.word("0")
            writer.word(entry.id)
            writer.word("TIME")
            writer.word(entry.time)
            writer.word("RETRYCOUNT")
            writer.word(entry.deliveries)
            writer.word("JUSTID")
            writer.word("FORCE")
            writer.end()
            return true
        }
        return next
    }

    // MARK: Messages

    /// What the stream remembers of its producers' messages, if anything.
    private func messages(of stream: StreamValue, _ writer: inout RequestWriter) {
        guard let memory = stream.memory else { return }
        let key = stream.slot.entry.key
        writer.begin("XCFGSET")
        writer.word(key)
        writer.word("IDMP-DURATION")
        writer.word(Int64(memory.duration))
        writer.word("IDMP-MAXSIZE")
        writer.word(Int64(memory.countMax))
        writer.end()
        let shard = stream.slot.shard
        for producer in 0..<stream.producerCount {
            var message = memory.oldest(ofProducer: producer, shard.arena)
            while let known = message {
                if stream.find(known.id) != nil {
                    writer.begin("XIDMPRECORD")
                    writer.word(key)
                    writer.word(known.producer)
                    writer.word(known.name)
                    writer.word(known.id)
                    writer.end()
                }
                message = memory.next(known, shard.arena)
            }
        }
    }
}

extension RequestWriter {
    /// Appends an entry that stands in for one that is gone.
    fileprivate mutating func standIn(_ id: StreamID, _ key: Bytes) {
        begin("XADD")
        word(key)
        word(id)
        word("x")
        word("y")
        end()
    }

    /// Appends a pending entry that no consumer owns.
    fileprivate mutating func released(_ entry: PendingEntry, _ key: Bytes, _ group: Bytes) {
        begin("XNACK")
        word(key)
        word(group)
        word("SILENT")
        word("IDS")
        word("1")
        word(entry.id)
        word("RETRYCOUNT")
        word(entry.deliveries)
        word("FORCE")
        end()
    }
}
