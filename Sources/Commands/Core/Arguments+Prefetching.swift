internal import Primitives
internal import Store
internal import Wire

extension Arguments {
    /// Where `index` begins another batch of the words from 2 on, which are members of the
    /// collection at `slot`: asks the cache for what it holds for them.
    @inline(__always)
    func prefetchMembers(from index: Int, of slot: Shard.Slot?) {
        guard let slot, (index - 2) % Shard.prefetchedAtOnce == 0 else { return }
        let count = min(self.count - index, Shard.prefetchedAtOnce)
        slot.shard.prefetchMembers(slot, count) { self[index + $0] }
    }
}
