internal import Commands
internal import Primitives
internal import Store

/// Keys with blocked requests that one worker's commands have changed, in the order of the changes.
///
/// Owned by one worker: its settlement adds keys, its executor serves the requests.
final class ReadyKeys: @unchecked Sendable {  // because: one worker owns it
    private let tables: WaiterTables
    private let keyspace: Keyspace
    private var queues: [WaiterQueue] = []
    private var first = 0
    /// Keys left for the worker's next round.
    private var putOff: [WaiterQueue] = []
    /// The key being served.
    ///
    /// Changes that serving makes to it are ignored.
    var current: WaiterQueue?

    init(_ tables: WaiterTables, _ keyspace: Keyspace) {
        self.tables = tables
        self.keyspace = keyspace
    }

    /// Whether there are keys to serve now.
    var hasSome: Bool { first < queues.count }

    /// Whether there are keys to serve now or in the next round.
    var isBusy: Bool { hasSome || !putOff.isEmpty }

    /// Adds the keys that a command changed.
    ///
    /// The locks of their partitions are held.
    func note(_ effects: borrowing Effects) {
        for touch in effects.touches {
            if touch.isWholeDatabase {
                note(database: touch.database)
            } else {
                let key = Key(effects.key(touch), touch.hash)
                let table = tables[keyspace.partition(touch.hash)]
                if let queue = table.queue(key, touch.database) { append(queue) }
            }
        }
    }

    /// Adds all keys of a database that have blocked requests.
    ///
    /// All partitions are locked.
    private func note(database: Int) {
        for partition in 0..<keyspace.partitionCount {
            tables[partition].forEach(of: database) { append($0) }
        }
    }

    /// Adds a key, to be served from its oldest request on.
    func append(_ queue: WaiterQueue) {
        guard queue !== current else { return }
        guard !queue.isReady else {
            queue.mustRepeat = true
            return
        }
        queue.isReady = true
        queue.restart()
        queues.append(queue)
    }

    /// Removes and returns the key that was added first.
    func next() -> WaiterQueue? {
        guard first < queues.count else { return nil }
        let queue = queues[first]
        first += 1
        if first == queues.count {
            queues.removeAll(keepingCapacity: first <= 64)
            first = 0
        }
        return queue
    }

    /// Leaves a key for the next round.
    func putOff(_ queue: WaiterQueue) { putOff.append(queue) }

    /// Moves the keys left by the previous round to the ready ones.
    func resume() {
        queues += putOff
        putOff.removeAll(keepingCapacity: putOff.count <= 64)
    }
}
