internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// A walk over the items of database 0, in slices: `lru_crawler metadump`, `stats sizes` and their
/// relatives.
///
/// A key that is added or removed meanwhile may be missing; with many such, some may come twice.
final class ItemDump {
    /// What is told of each item.
    enum Form {
        /// A line of facts: `key=… exp=… la=… cas=… fetch=… cls=… size=…`.
        case facts
        /// A request for it of the meta protocol: `mg …`.
        case requests
        /// As `stats cachedump`, of so many items.
        case items(most: Int)
        /// Nothing: its size is counted.
        case sizes
    }

    /// The duration of a slice, approximately.
    private static let sliceNanoseconds: Int64 = 500_000
    /// The maximum number of bytes of a slice.
    private static let sliceBytesMax = 64 * 1024
    /// Above this number of bytes not sent yet, the walk pauses.
    private static let unsentBytesMax = 1 << 20
    /// The maximum number of bytes of `stats cachedump`.
    private static let itemsBytesMax = 2 << 20
    /// Sizes are counted in steps of so many bytes.
    static let sizeStep = 32

    private let form: Form
    private var partition = 0
    private var cursor: UInt64 = 0
    private var written = 0
    private var left: Int
    /// The number of items by size, in steps.
    private(set) var sizes: [Int: Int] = [:]

    init(_ form: Form) {
        self.form = form
        left = if case .items(let most) = form { most } else { .max }
    }

    /// Whether enough has been sent for the walk to go on.
    static func mayGoOn(_ connection: Connection) -> Bool {
        connection.outputBytes <= unsentBytesMax
    }

    /// Does a slice of the walk on a worker; returns whether that was the last one.
    func goOn(on worker: Worker) -> Bool {
        let keyspace = worker.server.keyspace
        let end = Clock.monotonicNanoseconds() + ItemDump.sliceNanoseconds
        let start = worker.executor.context.reply.buffer.count
        while partition < keyspace.partitionCount {
            // A locked partition is tried again in the next slice.
            let visited = partition
            guard keyspace.tryLock(visited) else { return false }
            defer { keyspace.unlock(visited) }
            keyspace.forEachShard(inPartition: visited) { shard, database in
                guard database == 0 else { return }
                repeat {
                    cursor = shard.scan(cursor) { tell($0, worker) }
                } while cursor != 0 && left > 0 && !isLate(worker, start, end)
            }
            if left <= 0 { return true }
            guard cursor == 0 else { return false }
            partition += 1
            if isLate(worker, start, end) { return partition >= keyspace.partitionCount }
        }
        return true
    }

    private func isLate(_ worker: Worker, _ start: Int, _ end: Int64) -> Bool {
        worker.executor.context.reply.buffer.count - start >= ItemDump.sliceBytesMax
            || Clock.monotonicNanoseconds() >= end
    }

    private func tell(_ slot: Shard.Slot, _ worker: Worker) {
        let entry = slot.entry
        let now = worker.executor.context.now
        guard entry.isKind(.string), left > 0, entry.expiry.map({ $0 > now }) ?? true else {
            return
        }
        var line = ByteBuffer()
        switch form {
        case .sizes:
            let size = (entry.byteCount + ItemDump.sizeStep - 1) / ItemDump.sizeStep
            sizes[size * ItemDump.sizeStep, default: 0] += 1
            return
        case .facts: appendFacts(slot, worker, to: &line)
        case .requests: appendRequest(entry.key, to: &line)
        case .items:
            line.append("ITEM ")
            line.append(entry.key)
            line.append(" [")
            line.append(decimal: Int64(StringValue.count(entry)))
            line.append(" b; ")
            line.append(decimal: (entry.expiry ?? 0) / 1000)
            line.append(" s]\r\n")
            left -= 1
            written += line.count
            if written > ItemDump.itemsBytesMax {
                left = 0
                return
            }
        }
        worker.executor.context.reply.raw(line.bytes)
    }

    private func appendFacts(
        _ slot: Shard.Slot,
        _ worker: Worker,
        to line: inout ByteBuffer
    ) {
        let entry = slot.entry
        let clock = worker.executor.context.accessClock
        let now = worker.executor.context.now / 1000
        let idle = clock.countsUses ? 0 : clock.idleSeconds(slot.shard.stamp(slot))
        line.append("key=")
        KeyText.append(entry.key, to: &line)
        line.append(" exp=")
        line.append(decimal: entry.expiry.map { $0 / 1000 } ?? -1)
        line.append(" la=")
        line.append(decimal: now - idle)
        line.append(" cas=")
        line.append(unsigned: entry.itemHead.cas)
        line.append(entry.isFetched ? " fetch=yes" : " fetch=no")
        line.append(" cls=")
        line.append(decimal: Int64(SizeClasses.index(max(1, entry.byteCount)) + 1))
        line.append(" size=")
        line.append(decimal: Int64(entry.byteCount))
        line.append("\n")
    }

    /// A key with bytes that a line cannot hold is in base64.
    private func appendRequest(_ key: Bytes, to line: inout ByteBuffer) {
        line.append("mg ")
        if (0..<key.count).allSatisfy({ key[$0] > 0x20 && key[$0] != 0x7F }) {
            line.append(key)
        } else {
            Base64.append(key, to: &line)
            line.append(" b")
        }
        line.append("\r\n")
    }
}

extension AdminCall {
    /// Goes on with the walk of this client's request; returns it when it is complete, or nil if
    /// the request has to wait.
    ///
    /// Precondition: the request may wait.
    func walk(_ form: ItemDump.Form) -> ItemDump? {
        let dump = worker.itemDumps[session.id] ?? ItemDump(form)
        let mayGoOn = connection.map { ItemDump.mayGoOn($0) } ?? true
        if mayGoOn, dump.goOn(on: worker) {
            worker.itemDumps[session.id] = nil
            return dump
        }
        worker.itemDumps[session.id] = dump
        return nil
    }

    /// What a request waits for whose walk is to go on.
    var nextSlice: Wait {
        let mayGoOn = connection.map { ItemDump.mayGoOn($0) } ?? true
        return .time(worker.executor.context.now + (mayGoOn ? 1 : 20))
    }
}
