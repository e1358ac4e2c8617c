internal import Commands
internal import Primitives
internal import Store

/// The keys of one partition that have blocked requests.
///
/// Guarded by the partition's lock; any thread may read the counters.
///
/// ## Invariants
/// A key is listed as long as its queue is not empty. The partition has the mark `.waited` exactly
/// while a key is listed.
final class WaiterTable: @unchecked Sendable {  // because: the partition's lock guards it
    private let partition: Int
    private let keyspace: Keyspace
    /// Queues by a mix of the key's hash and database; collisions are rare.
    private var queues: [UInt64: [WaiterQueue]] = [:]
    /// The number of keys.
    let keyCount = Counter()
    /// The number of keys with requests that fail when the key is deleted.
    let endingKeyCount = Counter()

    /// The number of keys whose requests will go on being served in another round.
    private(set) var putOffCount = 0

    init(_ keyspace: Keyspace, partition: Int) {
        self.keyspace = keyspace
        self.partition = partition
    }

    /// The queue of a key, if it has blocked requests.
    func queue(_ key: Key, _ database: Int) -> WaiterQueue? {
        queues[place(key.hash, database)]?.first {
            $0.database == database && $0.key.bytes == key.bytes
        }
    }

    /// Adds `waiter` to the queue of `key`.
    func add(_ waiter: Waiter, _ key: Key) {
        let queue = queue(key, waiter.database) ?? open(key, waiter.database)
        waiter.stand(in: queue)
        settle(queue)
    }

    private func open(_ key: Key, _ database: Int) -> WaiterQueue {
        let queue = WaiterQueue(key, partition: partition, database: database)
        queues[place(key.hash, database), default: []].append(queue)
        keyCount.add()
        if keyCount.value == 1 { keyspace.mark(partition, .waited, true) }
        return queue
    }

    /// Updates the counters after a queue changed, and drops the key if its queue is empty.
    func settle(_ queue: WaiterQueue) {
        if (queue.endingCount > 0) != queue.isListedAsEnding {
            queue.isListedAsEnding.toggle()
            if queue.isListedAsEnding { endingKeyCount.add() } else { endingKeyCount.subtract() }
        }
        guard queue.isEmpty, queue.isListed else { return }
        queue.isListed = false
        let place = place(queue.hash, queue.database)
        queues[place]?.removeAll { $0 === queue }
        if queues[place]?.isEmpty == true { queues[place] = nil }
        keyCount.subtract()
        if keyCount.value == 0 { keyspace.mark(partition, .waited, false) }
    }

    /// Records whether the requests of a queue will go on being served in another round.
    ///
    /// Returns whether that has changed.
    func putOff(_ queue: WaiterQueue, _ isPutOff: Bool) -> Bool {
        guard queue.isPutOff != isPutOff else { return false }
        queue.isPutOff = isPutOff
        putOffCount += isPutOff ? 1 : -1
        return true
    }

    /// Calls `body` with every queue of a database.
    func forEach(of database: Int, _ body: (WaiterQueue) -> Void) {
        for queue in queues.values.joined() where queue.database == database { body(queue) }
    }

    private func place(_ hash: KeyHash, _ database: Int) -> UInt64 {
        hash.bits &+ UInt64(database) &* 0x9E37_79B9_7F4A_7C15
    }
}
