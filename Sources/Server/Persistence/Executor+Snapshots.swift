internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Requests that must wait for a snapshot.
extension Executor {
    /// Whether a request, whose locks are held, may change a large value that a snapshot has yet to
    /// write.
    ///
    /// Such a value is written before all others, so that the wait is as long as that takes.
    func isHeldBySnapshot(_ number: Int, _ arguments: Arguments) -> Bool {
        let facts = registry.table.facts[number]
        // Work in slices that has begun before the snapshot finishes.
        guard facts.flags.contains(.write), context.mayWait, resumedWork == nil,
            let snapshot = server.saver.running
        else { return false }
        let row = registry.row(number)
        if row.hasOneKey {
            return isHeld(context.key(arguments[row.firstKey]), by: snapshot)
        }
        guard !facts.keys.contains(where: \.isUnknown),
            let keys = try? KeyFinder.keys(facts.keys, arguments)
        else { return false }
        return keys.contains { isHeld(context.key(arguments[$0.index]), by: snapshot) }
    }

    private func isHeld(_ key: Key, by snapshot: Snapshot) -> Bool {
        let keyspace = context.keyspace
        let shard = keyspace.openShard(key.hash, inAny: context.database)
        return snapshot.parts[keyspace.partition(key.hash)].mustWait(key, in: shard)
    }
}
