import Primitives
import Structures
import Testing

@testable import Store

/// Copies values in slices of various sizes, and compares them with the originals.
@Suite struct ValueCopyTests {
    /// Two shards; values are created in one of them and copied to the other.
    private final class Pair {
        let source = Shard()
        let target = Shard()
        var limits = EncodingLimits()

        deinit {
            source.destroy()
            target.destroy()
        }

        func lend<Result>(_ text: String, _ body: (Bytes) -> Result) -> Result {
            Array(text.utf8).withBytes(body)
        }

        func find(in shard: Shard) -> Shard.Slot? {
            lend("key") { shard.find(Key($0, shard.hash($0))) }
        }

        /// Creates a value of `kind` with about `count` elements at `key` in the source.
        func fill(_ kind: EntryKind, _ count: Int) {
            for index in 0..<count { add(kind, index) }
        }

        private func add(_ kind: EntryKind, _ index: Int) {
            lend("key") { name in
                let key = Key(name, source.hash(name))
                let slot = source.find(key)
                lend("element \(index)") { word in
                    switch kind {
                    case .list: addToList(key, slot, word, index)
                    case .set: addToSet(key, slot, word)
                    case .hash: addToHash(key, slot, word, index)
                    case .sortedSet: addToSortedSet(key, slot, word, index)
                    case .stream: addToStream(key, slot, word, index)
                    case .string, .member: Issue.record("no collection")
                    }
                }
            }
        }

        private func addToList(_ key: Key, _ slot: Shard.Slot?, _ word: Bytes, _ index: Int) {
            let list =
                slot.map(ListValue.init)
                ?? ListValue.create(key, bytes: word.count, in: source)
            let item: PackItem = index % 3 == 0 ? .integer(Int64(index)) : .bytes(word)
            list.push(item, atFront: false, limits)
        }

        private func addToSet(_ key: Key, _ slot: Shard.Slot?, _ word: Bytes) {
            var set =
                slot.map(SetValue.init)
                ?? SetValue(
                    key,
                    takingOver: SetContent.create(
                        first: .bytes(word),
                        count: 1,
                        limits,
                        in: source
                    ),
                    in: source
                )
            _ = set.add(.bytes(word), source.hash(word), limits)
        }

        private func addToHash(_ key: Key, _ slot: Shard.Slot?, _ word: Bytes, _ index: Int) {
            let hash = slot.map(HashValue.init) ?? HashValue.create(key, pairBytes: 20, in: source)
            let content: StringContent? =
                index % 9 == 4
                ? nil
                : index % 97 == 5
                    ? .block(SharedBlock(zeros: 9_000))
                    : index % 2 == 0 ? .integer(7) : .bytes(word)
            let lifetime: HashValue.Lifetime =
                index % 5 == 0 ? .until(1_000 + Int64(index)) : .stays
            hash.set(word, content, lifetime, limits, now: 0)
        }

        private func addToSortedSet(
            _ key: Key,
            _ slot: Shard.Slot?,
            _ word: Bytes,
            _ index: Int
        ) {
            let set =
                slot.map(SortedSetValue.init)
                ?? SortedSetValue.create(key, memberBytes: word.count, limits, in: source)
            set.edit(word, limits) { _ in Double(index * 7919 % 1_000) / 4 }
        }

        private func addToStream(_ key: Key, _ slot: Shard.Slot?, _ word: Bytes, _ index: Int) {
            let stream = slot.map(StreamValue.init) ?? StreamValue.create(key, in: source)
            let id = StreamID(UInt64(index + 1), 0)
            stream.append(id, pairs: 1, byteCount: word.count * 2, limits) { _ in word }
            if index % 100 == 0 {
                stream.createGroup(word, lastID: .zero, readCount: 0)
                stream.noteMessage(word, of: word, id, now: Int64(index))
            }
            guard let group = stream.group(word) ?? lend("element 0", { stream.group($0) }) else {
                return
            }
            let consumer = lend("consumer \(index % 7)") {
                stream.makeConsumer(group, $0, now: Int64(index))
            }
            stream.deliver(id, group, to: consumer, now: Int64(index), isPending: index % 4 != 1)
            if index % 11 == 2, let entry = stream.pendingEntry(group, id) {
                stream.release(entry, group)
            }
        }

        /// The content of the value in `shard`, in the same order for equal values.
        func content(in shard: Shard) -> [String] {
            guard let slot = find(in: shard) else { return [] }
            switch slot.entry.kind {
            case .list: return list(ListValue(slot))
            case .set: return set(slot)
            case .hash: return hash(HashValue(slot))
            case .sortedSet: return sortedSet(SortedSetValue(slot))
            case .stream: return stream(StreamValue(slot))
            case .string, .member: return []
            }
        }

        private func list(_ list: ListValue) -> [String] {
            var found: [String] = []
            list.walk(from: 0, limit: .max) { item in
                found.append(item.withText { $0.string })
                return true
            }
            return found
        }

        private func set(_ slot: Shard.Slot) -> [String] {
            var found: [String] = []
            let content = SetContent(slot.entry, in: slot.shard)
            content.forEach { item in
                found.append(item.withText { $0.string })
                return true
            }
            #expect(content.isValid)
            return found.sorted()
        }

        private func hash(_ hash: HashValue) -> [String] {
            var found: [String] = []
            hash.forEach(now: .min) { name, value in
                let name = name.withBytes { $0.string }
                let expiry = lend(name) { hash.find($0, now: .min)?.expiry }
                let count = value?.withBytes { $0.string.count } ?? -1
                found.append("\(name) \(count) \(expiry ?? 0)")
                return true
            }
            return found.sorted()
        }

        private func sortedSet(_ set: SortedSetValue) -> [String] {
            var found: [String] = []
            set.walk(from: 0, limit: .max) { member, score in
                found.append("\(member.string) \(score)")
                #expect(set.score(member) == score)
                return true
            }
            return found
        }

        private func stream(_ stream: StreamValue) -> [String] {
            var found = ["\(stream.count) \(text(stream.lastID)) \(stream.addedCount)"]
            stream.walk(.zero, .max) { item in
                item.forEachWord { word in
                    switch word {
                    case .bytes(let bytes): found.append("\(text(item.id)) \(bytes.string)")
                    case .integer(let number): found.append("\(text(item.id)) \(number)")
                    }
                }
                return true
            }
            for index in 0..<stream.groupCount {
                let group = stream.group(at: index)
                found.append("\(group.name.string) \(text(group.lastID)) \(group.readCount)")
                for index in 0..<stream.consumerCount(group) {
                    let consumer = stream.consumer(group, at: index)
                    found.append("\(consumer.name.string) \(consumer.seen) \(consumer.active)")
                }
                stream.walkPending(group, .zero, .max) { entry in
                    let name = stream.consumerName(entry).string
                    found.append("\(text(entry.id)) \(name) \(entry.time) \(entry.deliveries)")
                    return true
                }
                found.append(text(stream.oldestPending(group)?.id ?? .zero))
            }
            found.append("\(stream.producerCount) \(stream.messageCount)")
            if let memory = stream.memory { found.append("\(memory.addedCount)") }
            return found
        }

        private func text(_ id: StreamID) -> String { "\(id.milliseconds)-\(id.sequence)" }

        /// Copies the value to the other shard, `budget` per slice; returns the number of slices.
        func copy(_ budget: Int) -> Int {
            guard let slot = find(in: source) else { return 0 }
            var copy = ValueCopy(of: slot, for: target)
            var slices = 1
            var left = budget
            while !copy.copySome(&left) {
                left = budget
                slices += 1
            }
            lend("key") {
                target.insertCopy(of: slot, as: Key($0, target.hash($0)), expiry: nil, copy)
            }
            return slices
        }

        /// Frees everything in both shards and checks that nothing is left.
        func finish() {
            for shard in [source, target] {
                if let slot = find(in: shard) { shard.remove(slot) }
                var budget = Int.max
                _ = shard.freeSome(budget: &budget)
                #expect(shard.arena.liveBytes == 0 && shard.externalBytes == 0)
                #expect(shard.volatileHashCount == 0 && shard.isValid)
            }
        }
    }

    static let kinds: [EntryKind] = [.list, .set, .hash, .sortedSet, .stream]

    @Test(arguments: kinds, [1, 100, 513, 1_200])
    func `a copy is equal whatever the slices`(kind: EntryKind, count: Int) {
        for budget in [1, 7, 200, .max] where count < 1_000 || budget != 7 {
            let pair = Pair()
            pair.fill(kind, count)
            let before = pair.content(in: pair.source)
            let slices = pair.copy(budget)
            #expect(before.count >= count)
            let isEqual = pair.content(in: pair.target) == before
            let isAsBefore = pair.content(in: pair.source) == before
            #expect(isEqual && isAsBefore)
            if budget == .max { #expect(slices == 1) }
            if budget == 1, count == 1_200, kind != .list { #expect(slices > 10) }
            #expect(pair.target.volatileHashCount == pair.source.volatileHashCount)
            pair.finish()
        }
    }

    @Test(arguments: kinds)
    func `an abandoned copy leaves nothing behind`(kind: EntryKind) {
        for slices in [0, 1, 2, 10, 100] {
            let pair = Pair()
            pair.fill(kind, 2_000)
            guard let slot = pair.find(in: pair.source) else { return }
            var copy = ValueCopy(of: slot, for: pair.target)
            for _ in 0..<slices {
                var budget = 3
                _ = copy.copySome(&budget)
            }
            copy.discard()
            pair.finish()
        }
    }

    @Test func `a list that is compressed is copied as it is`() {
        for depth in [1, 3] {
            let pair = Pair()
            pair.limits.listCompressDepth = depth
            pair.fill(.list, 5_000)
            let before = pair.content(in: pair.source)
            _ = pair.copy(10)
            let isEqual = pair.content(in: pair.target) == before
            #expect(isEqual)
            pair.finish()
        }
    }

    @Test(arguments: kinds)
    func `a copy can be changed`(kind: EntryKind) {
        let pair = Pair()
        pair.fill(kind, 1_000)
        _ = pair.copy(50)
        if let slot = pair.find(in: pair.source) { pair.source.remove(slot) }
        guard let slot = pair.find(in: pair.target) else { return }
        let lengths = pair.content(in: pair.target).count
        switch kind {
        case .list: ListValue(slot).push(.integer(1), atFront: true, pair.limits)
        case .set:
            var set = SetValue(slot)
            _ = pair.lend("more") { set.add(.bytes($0), pair.target.hash($0), pair.limits) }
        case .hash:
            _ = pair.lend("more") {
                HashValue(slot).set($0, .integer(1), .stays, pair.limits, now: 0)
            }
        case .sortedSet:
            pair.lend("more") { SortedSetValue(slot).edit($0, pair.limits) { _ in -1 } }
        case .stream: _ = StreamValue(slot).trim(StreamTrim(.count(10)))
        case .string, .member: break
        }
        let after = pair.content(in: pair.target).count
        #expect(kind == .stream ? after < lengths : after == lengths + 1)
        pair.finish()
    }
}
