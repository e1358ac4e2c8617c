internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import Wire

/// Requests that change large values that a snapshot has yet to write.
extension Executor {
    /// Whether a request, whose locks are held, must wait until a large value is written.
    ///
    /// Such a value is written before all others, so that the wait is as long as that takes. With
    /// `mayPass`, the request does not wait if it changes a part of the value only; what it affects
    /// is written at once, and the request must be over when `endPassing` is called.
    func isHeldBySnapshot(_ number: Int, _ arguments: Arguments, mayPass: Bool) -> Bool {
        let facts = registry.table.facts[number]
        // Work in slices that has begun before the snapshot finishes.
        guard facts.flags.contains(.write), context.mayWait, resumedWork == nil,
            let snapshot = server.saver.running
        else { return false }
        let row = registry.row(number)
        if row.hasOneKey {
            return isHeld(row.firstKey, facts, arguments, by: snapshot, mayPass: mayPass)
        }
        guard !facts.keys.contains(where: \.isUnknown),
            let keys = try? KeyFinder.keys(facts.keys, arguments)
        else { return false }
        return keys.contains {
            isHeld($0.index, facts, arguments, by: snapshot, mayPass: mayPass)
        }
    }

    /// Ends the changes of a request that did not have to wait; those of streams later, if waiting
    /// clients are served before.
    func endPassing(servesStreams: Bool) {
        for part in passing { part.endPassing(servesStreams: servesStreams) }
        if !servesStreams { passing.removeAll(keepingCapacity: true) }
    }

    private func isHeld(
        _ index: Int,
        _ facts: CommandFacts,
        _ arguments: Arguments,
        by snapshot: Snapshot,
        mayPass: Bool
    ) -> Bool {
        let key = context.key(arguments[index])
        let keyspace = context.keyspace
        let shard = keyspace.openShard(key.hash, inAny: context.database)
        let part = snapshot.parts[keyspace.partition(key.hash)]
        if mayPass { passing.append(part) }
        return part.mustWait(key, in: shard) { slot in
            mayPass ? PartialChange(facts.name, arguments, key: index, at: slot) : nil
        }
    }
}
