internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Refusing, before it changes anything, what there may be no memory for.
///
/// This is asked only where a partition is short of room, or where addresses or promises of memory
/// are limited: elsewhere no request is large enough to find none.
extension Executor {
    /// What the server keeps of limited addresses for itself and for its clients' buffers.
    static let headroomBytes = 20 << 20
    /// Room for a word's place in a structure, besides its bytes.
    private static let bytesPerWord = 256
    /// From this size on the words of strings and hashes lie outside the region.
    private static let outsideFrom = 8 << 10

    /// Throws where a command, whose partitions are locked, may need more memory than there is.
    func demandMemory(
        _ number: Int,
        _ arguments: Arguments,
        _ locked: PartitionSet
    ) throws(CommandError) {
        let facts = registry.table.facts[number]
        guard facts.flags.contains(.write), context.keyspace.isTight(locked) else { return }
        let keys = (try? KeyFinder.keys(facts.keys, arguments)) ?? []
        guard facts.flags.contains(.denyOOM) else {
            // What only takes out may always run.
            let adds = keys.contains { $0.use.isDisjoint(with: [.rm, .delete]) }
            guard adds, !hasReserve(keys, arguments) else { return }
            throw .outOfMemory
        }
        let need = need(of: arguments, facts, keys)
        for key in keys {
            let partition = context.keyspace.partition(
                context.keyspace.hasher(arguments[key.index])
            )
            guard
                context.keyspace.hasRoom(
                    for: need.region,
                    partition: partition,
                    database: context.database
                )
            else { throw .outOfMemory }
        }
        guard context.keyspace.isLimited else { return }
        guard SharedBlock.isAvailable(need.outside + Executor.headroomBytes) else {
            throw .outOfMemory
        }
    }

    /// Whether there is memory for a string of `byteCount` bytes in a partition, which is locked.
    func hasMemory(for byteCount: Int, _ partition: Int) -> Bool {
        let keyspace = context.keyspace
        guard keyspace.isTight(PartitionSet(partition: partition)) else { return true }
        return keyspace.hasRoom(
            for: min(byteCount, Executor.outsideFrom) + Executor.bytesPerWord,
            partition: partition,
            database: context.database
        ) && (!keyspace.isLimited || SharedBlock.isAvailable(byteCount + Executor.headroomBytes))
    }

    private func hasReserve(_ keys: [KeyFinder.Found], _ arguments: Arguments) -> Bool {
        keys.allSatisfy {
            let hash = context.keyspace.hasher(arguments[$0.index])
            return context.keyspace.hasReserve(context.keyspace.partition(hash))
        }
    }

    /// The bytes that a request may need at most, within its partitions' regions and outside: those
    /// of its words, and of the values that it reads to store them elsewhere.
    private func need(
        of arguments: Arguments,
        _ facts: CommandFacts,
        _ keys: [KeyFinder.Found]
    ) -> (region: Int, outside: Int) {
        var region = Executor.bytesPerWord * (arguments.count + 16)
        var outside = 0
        let keepsOutside = facts.group == .string || facts.group == .hash
        for index in 0..<arguments.count {
            let count = arguments[index].count
            if keepsOutside, count >= Executor.outsideFrom {
                outside += count
            } else {
                region += 2 * count
            }
        }
        for key in keys where keys.count > 1 && !key.use.contains(.ow) {
            let name = context.key(arguments[key.index])
            guard let slot = context.peek(name) else { continue }
            let bytes = slot.shard.byteCount(slot)
            if slot.entry.isKind(.string) { outside += bytes } else { region += bytes }
        }
        return (region, outside)
    }
}
