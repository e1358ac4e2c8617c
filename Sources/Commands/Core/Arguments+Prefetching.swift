internal import Primitives
internal import Store
internal import Wire

extension Arguments {
    /// Prefetches the next batch of members, if one starts at `index`.
    ///
    /// The words from 2 on are members of the collection at `slot`.
    @inline(__always)
    func prefetchMembers(from index: Int, of slot: Shard.Slot?) {
        guard let slot, (index - 2) % Shard.prefetchedAtOnce == 0 else { return }
        let count = min(self.count - index, Shard.prefetchedAtOnce)
        slot.shard.prefetchMembers(slot, count) { self[index + $0] }
    }
}
