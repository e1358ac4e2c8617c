internal import Primitives
internal import Store
internal import Structures

/// Reads streams of all versions.
extension RDBReader {
    private static let deletedBit: Int64 = 1
    private static let sameFieldsBit: Int64 = 2

    mutating func stream(
        _ type: RDBType,
        _ key: Key,
        _ target: Target
    ) throws(RDBFailure) {
        let stream = StreamValue.create(key, in: target.shard)
        let packCount = try count()
        for _ in 0..<packCount {
            let head = try string(.first)
            guard head.count == 16 else { throw failure(.badStream) }
            let base = StreamID(
                head.littleEndian(0, 8).byteSwapped,
                head.littleEndian(8, 8).byteSwapped
            )
            try entries(try string(.second), base, stream, target)
        }
        guard try number() == UInt64(stream.count) else { throw failure(.badStream) }
        let lastID = try id()
        guard lastID >= stream.lastID else { throw failure(.badStream) }
        var addedCount = Int64(stream.count)
        var deletedIDMax = StreamID.zero
        if type != .stream1 {
            _ = try id()
            deletedIDMax = try id()
            addedCount = Int64(clamping: try number())
        }
        stream.setPast(lastID: lastID, addedCount: addedCount, deletedIDMax: deletedIDMax)
        let groupCount = try count()
        for _ in 0..<groupCount { try group(type, stream) }
        if type.hasMessages { try messages(stream, target) }
    }

    /// Reads what the stream remembers of its producers' messages, each as of now.
    private mutating func messages(
        _ stream: StreamValue,
        _ target: Target
    ) throws(RDBFailure) {
        let duration = Int(clamping: try number())
        let countMax = Int(clamping: try number())
        let producerCount = try count()
        let isDefault =
            duration == StreamMemory.durationDefault && countMax == StreamMemory.countMaxDefault
        if producerCount > 0 || !isDefault, duration > 0, countMax > 0 {
            stream.setMemory(
                duration: min(duration, StreamMemory.durationMax),
                countMax: min(countMax, StreamMemory.countMaxMax)
            )
        }
        for _ in 0..<producerCount {
            let producer = try string().array
            for _ in 0..<(try count()) {
                let name = try string(.second)
                let id = try id()
                guard !producer.isEmpty, name.count > 0 else { throw failure(.badStream) }
                producer.withBytes { producer in
                    let known = stream.entry(
                        ofMessage: name,
                        of: producer,
                        now: target.now,
                        counts: false
                    )
                    if known == nil, id <= stream.lastID {
                        stream.noteMessage(name, of: producer, id, now: target.now)
                    }
                }
            }
        }
        for _ in 0..<2 { _ = try number() }
    }

    private mutating func id() throws(RDBFailure) -> StreamID {
        StreamID(try number(), try number())
    }

    private mutating func rawID() throws(RDBFailure) -> StreamID {
        StreamID(try fixed(8).byteSwapped, try fixed(8).byteSwapped)
    }

    // MARK: Entries

    /// The next item of a listpack, which must not end here.
    private func item(_ items: inout PackedItems) throws(RDBFailure) -> PackItem {
        do {
            if let item = try items.next() { return item }
        } catch {}
        throw failure(.badStream)
    }

    private func integer(_ items: inout PackedItems) throws(RDBFailure) -> Int64 {
        guard case .integer(let number) = try item(&items) else { throw failure(.badStream) }
        return number
    }

    private func count(_ items: inout PackedItems, _ bytes: Bytes) throws(RDBFailure) -> Int {
        let number = try integer(&items)
        guard (0...Int64(bytes.count)).contains(number) else { throw failure(.badStream) }
        return Int(number)
    }

    private func entries(
        _ bytes: Bytes,
        _ base: StreamID,
        _ stream: StreamValue,
        _ target: Target
    ) throws(RDBFailure) {
        var items = try items(bytes, .listpack)
        let live = try count(&items, bytes)
        let deleted = try count(&items, bytes)
        let nameCount = try count(&items, bytes)
        var names: [PackItem] = []
        for _ in 0..<nameCount { names.append(try item(&items)) }
        guard try integer(&items) == 0, live > 0 else { throw failure(.badStream) }
        var found = 0
        for _ in 0..<live + deleted {
            let flags = try integer(&items)
            let milliseconds = try integer(&items)
            let sequence = try integer(&items)
            let isSame = flags & RDBReader.sameFieldsBit != 0
            let pairs = isSame ? nameCount : try count(&items, bytes)
            var words: [PackItem] = []
            for index in 0..<pairs {
                words.append(isSame ? names[index] : try item(&items))
                words.append(try item(&items))
            }
            _ = try integer(&items)
            guard flags & RDBReader.deletedBit == 0 else { continue }
            found += 1
            let id = StreamID(
                base.milliseconds &+ UInt64(bitPattern: milliseconds),
                base.sequence &+ UInt64(bitPattern: sequence)
            )
            guard id > stream.lastID, pairs > 0 else { throw failure(.badStream) }
            append(id, words, to: stream, target)
        }
        do {
            guard try items.next() == nil, found == live else { throw failure(.badStream) }
        } catch {
            throw failure(.badStream)
        }
    }

    private func append(
        _ id: StreamID,
        _ words: [PackItem],
        to stream: StreamValue,
        _ target: Target
    ) {
        // The stream asks for the words as bytes, and more than once.
        var texts = ByteBuffer()
        var ends = [0]
        for word in words {
            word.withText { texts.append($0) }
            ends.append(texts.count)
        }
        stream.append(id, pairs: words.count / 2, byteCount: texts.count, target.limits) {
            texts.bytes[ends[$0]..<ends[$0 + 1]]
        }
    }

    // MARK: Groups

    private mutating func group(_ type: RDBType, _ stream: StreamValue) throws(RDBFailure) {
        let name = try string().array
        let lastID = try id()
        var readCount = stream.distance(to: lastID) ?? -1
        if type != .stream1 { readCount = Int64(bitPattern: try number()) }
        guard name.withBytes({ stream.group($0) }) == nil else { throw failure(.duplicate) }
        name.withBytes { stream.createGroup($0, lastID: lastID, readCount: max(readCount, -1)) }
        guard let group = name.withBytes({ stream.group($0) }) else {
            preconditionFailure("just made")
        }
        let pendingCount = try count()
        for _ in 0..<pendingCount {
            let id = try rawID()
            let time: Int64 = try fixed()
            let deliveries = Int64(clamping: try number())
            guard stream.pendingEntry(group, id) == nil else { throw failure(.duplicate) }
            _ = stream.addPending(id, group, of: nil, time: time, deliveries: deliveries)
        }
        var ownedCount = 0
        let consumerCount = try count()
        for _ in 0..<consumerCount { ownedCount += try consumer(type, group, stream) }
        if type == .stream5 {
            // Entries that no consumer owns stay as they are.
            for _ in 0..<(try count()) {
                guard let entry = stream.pendingEntry(group, try rawID()), !entry.hasConsumer
                else { throw failure(.badStream) }
                ownedCount += 1
            }
        }
        guard ownedCount == pendingCount else { throw failure(.badStream) }
    }

    /// Reads a consumer and assigns its pending entries to it; returns their number.
    private mutating func consumer(
        _ type: RDBType,
        _ group: StreamGroup,
        _ stream: StreamValue
    ) throws(RDBFailure) -> Int {
        let name = try string()
        var owner: StreamConsumer?
        if !(name == Bytes(RDBWriter.orphansName)) {
            guard stream.consumer(group, name) == nil else { throw failure(.duplicate) }
            owner = stream.makeConsumer(group, name, now: 0)
        }
        let seen: Int64 = try fixed()
        var active = seen
        if type.hasActiveTimes { active = try fixed() }
        if let owner {
            stream.note(owner, now: active, isActive: true)
            stream.note(owner, now: seen, isActive: false)
        }
        let pendingCount = try count()
        for _ in 0..<pendingCount {
            guard let entry = stream.pendingEntry(group, try rawID()), !entry.hasConsumer else {
                throw failure(.badStream)
            }
            if let owner { stream.give(entry, group, to: owner, time: entry.time) }
        }
        return pendingCount
    }
}
