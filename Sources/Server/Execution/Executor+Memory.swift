internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Rejects requests for which there may be no memory, before they change anything.
///
/// This is checked only if a partition is low on memory, or if address space or memory commitments
/// are limited; otherwise, no request can be too large.
extension Executor {
    /// How much of a limited address space is kept for the server and its clients' buffers.
    static let headroomBytes = 20 << 20
    /// The space that a word may need in a structure, in addition to its bytes.
    private static let bytesPerWord = 256
    /// From this size on, words of strings and hashes are stored outside the region.
    private static let outsideFrom = 8 << 10

    /// Throws if a command, whose partitions are locked, may need more memory than there is.
    func demandMemory(
        _ number: Int,
        _ arguments: Arguments,
        _ locked: PartitionSet
    ) throws(CommandError) {
        let facts = registry.table.facts[number]
        guard facts.flags.contains(.write), context.keyspace.isTight(locked) else { return }
        let keys = (try? KeyFinder.keys(facts.keys, arguments)) ?? []
        guard facts.flags.contains(.denyOOM) else {
            // Commands that only remove data may run in any case.
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

    /// Whether there is memory for a string of `byteCount` bytes in a locked partition.
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

    /// The maximum number of bytes that a request may need, within its partitions' regions and
    /// outside.
    ///
    /// That is the size of its words, and of the values that it copies.
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
