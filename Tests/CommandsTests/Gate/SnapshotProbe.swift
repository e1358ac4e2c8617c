import Primitives
import Structures
import Testing

@testable import Store

/// A snapshot that is not written to a file.
///
/// It watches all shards, and expects to be shown exactly the keys that existed when it began, each
/// once and unchanged.
final class SnapshotProbe {
    /// A key of the snapshot.
    private struct Key: Hashable {
        let shard: Int
        let name: [UInt8]
    }

    /// A large value that is being discarded, or has been.
    private struct Pending {
        let key: Key
        let root: Handle
        let kind: EntryKind
        let encoding: UInt8
        let expiry: Int64?
    }

    /// A shard of the snapshot.
    private struct Part {
        let shard: Shard
        /// The next bucket of the walk; nil when it is complete.
        var next: Int? = 0
    }

    /// Whether it takes over discarded large values rather than reading them at once.
    let takesLargeValues: Bool
    private(set) var isActive = false
    /// How many buckets all runs were shown, and how many values they took over.
    private(set) var shownCount = 0
    private(set) var takenCount = 0
    private var parts: [Part] = []
    /// The keys of the snapshot that were not shown yet, with digests of their contents.
    private var world: [Key: UInt64] = [:]
    private var discarded: Pending?
    private var taken: [(shard: Shard, remains: Shard.Remains, value: Pending)] = []
    /// Blocks retained until the end, as by a reply or a file, with digests of their bytes.
    private var blocks: [(block: SharedBlock, sum: UInt64)] = []
    /// The current activity, for failure messages.
    var activity = ""

    init(takesLargeValues: Bool) { self.takesLargeValues = takesLargeValues }

    // MARK: The cut

    /// Starts a run over the shards.
    func begin(_ shards: [Shard]) {
        precondition(!isActive)
        isActive = true
        parts = shards.map { Part(shard: $0) }
        for (index, shard) in shards.enumerated() {
            shard.forEach { slot in
                let key = Key(shard: index, name: slot.entry.key.array)
                world[key] = ContentDigest.of(slot)
            }
            shard.beginWatching(
                ShardWatcher(
                    willChange: { [unowned self] shard, bucket, change in
                        let isDiscarded = change?.isDiscarded ?? false
                        show(index, shard, bucket, isDiscarded ? change?.slot : nil)
                    },
                    takes: { [unowned self] shard, remains in take(shard, remains) }
                )
            )
        }
    }

    /// Visits up to `budget` buckets; returns whether all shards are complete.
    func walk(budget: Int) -> Bool {
        readTaken(all: false)
        var left = budget
        while left > 0 {
            guard let index = parts.firstIndex(where: { $0.next != nil }) else { return true }
            guard let start = parts[index].next else { return true }
            let slice = min(left, 2)
            parts[index].next = parts[index].shard.showBuckets(from: start, budget: slice)
            left -= slice
        }
        return false
    }

    /// Ends a run; destroys the shards that the keyspace has replaced meanwhile.
    func end(isComplete: Bool) {
        readTaken(all: true)
        for part in parts where part.shard.endWatching(isComplete: isComplete) {
            part.shard.destroy()
        }
        if isComplete {
            #expect(world.isEmpty, "never shown: \(world.keys.map(\.name.text).sorted())")
        }
        for (block, sum) in blocks {
            #expect(ContentDigest.of(block.bytes) == sum, "a held block was edited")
            block.release()
        }
        blocks = []
        parts = []
        world = [:]
        isActive = false
    }

    // MARK: What is shown

    private func show(_ index: Int, _ shard: Shard, _ bucket: Int, _ discarded: Shard.Slot?) {
        shownCount += 1
        shard.keys.forEach(inBucket: bucket, shard.arena) { location in
            let slot = Shard.Slot(shard, location)
            let key = Key(shard: index, name: location.entry.key.array)
            if let discarded, discarded.location.entry.key == location.entry.key,
                takesLargeValues, isLarge(location.entry)
            {
                self.discarded = Pending(
                    key: key,
                    root: location.entry.collection,
                    kind: location.entry.kind,
                    encoding: location.entry.encoding,
                    expiry: location.entry.expiry
                )
                return
            }
            hold(location.entry)
            compare(key, ContentDigest.of(slot))
        }
    }

    private func isLarge(_ entry: Entry) -> Bool {
        switch entry.kind {
        case .string, .member: false
        case .stream: true
        case .list: entry.encoding == ListValue.Encoding.large.rawValue
        case .set: entry.encoding == SetContent.Encoding.table.rawValue
        case .hash: entry.encoding == HashValue.Encoding.table.rawValue
        case .sortedSet: entry.encoding == SortedSetValue.Encoding.table.rawValue
        }
    }

    private func hold(_ entry: Entry) {
        guard entry.isKind(.string), entry.stringEncoding == .external else { return }
        let block = SharedBlock(address: entry.externalAddress)
        block.retain()
        blocks.append((block, ContentDigest.of(block.bytes)))
    }

    private func compare(_ key: Key, _ digest: UInt64) {
        guard let old = world.removeValue(forKey: key) else {
            Issue.record("shown twice, or not of the cut: \(key.name.text), \(activity)")
            return
        }
        #expect(old == digest, "changed unseen: \(key.name.text), \(activity)")
    }

    // MARK: What is handed over

    private func take(_ shard: Shard, _ remains: Shard.Remains) -> Bool {
        guard let value = discarded, value.root == remains.root else { return false }
        discarded = nil
        taken.append((shard, remains, value))
        takenCount += 1
        return true
    }

    /// Expects that all discarded values have been handed over, between two commands.
    func expectHandedOver() {
        #expect(discarded == nil, "not handed over: \(discarded?.key.name.text ?? ""), \(activity)")
        discarded = nil
    }

    /// Reads values that it took over, and returns them.
    private func readTaken(all: Bool) {
        while let (shard, remains, value) = taken.popLast() {
            var digest = ContentDigest()
            digest.append(UInt64(bitPattern: value.expiry ?? -1))
            digest.append(ContentDigest.of(value.kind, value.encoding, value.root, in: shard))
            compare(value.key, digest.value)
            shard.free(remains)
            if !all { return }
        }
    }
}
