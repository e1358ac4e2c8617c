public import Structures

/// Members of large collections by region; see `EntryTable.Regions`.
extension Shard {
    /// The regions of the collection at `slot`; nil if it has no table.
    public func regions(of slot: Slot) -> EntryTable.Regions? { table(slot.entry)?.regions }

    /// Calls `body` with each member of the collection at `slot` in a region.
    ///
    /// `body` must not change the collection.
    public func forEachMember(
        of slot: Slot,
        inRegion region: Int,
        of regions: EntryTable.Regions,
        _ body: (Entry) -> Void
    ) {
        table(slot.entry)?.forEach(inRegion: region, of: regions, arena, body)
    }
}
