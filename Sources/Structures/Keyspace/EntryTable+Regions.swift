public import Primitives

/// Walking over a table that changes meanwhile, without meeting an entry twice or missing one.
extension EntryTable {
    /// The buckets of a table as they were at one moment: each is a *region* of hashes.
    ///
    /// Which entries belong to a region depends on their hashes only, whatever has been split or
    /// merged since.
    public struct Regions: Sendable {
        private let bucketCount: UInt32
        private let levelMask: UInt32

        init(_ table: EntryTable) {
            bucketCount = table.bucketCount
            levelMask = table.levelMask
        }

        /// The number of regions.
        public var count: Int { Int(bucketCount) }

        /// The region that a hash belongs to.
        public func region(of hash: KeyHash) -> Int {
            let low = UInt32(truncatingIfNeeded: hash.bits)
            return Int(EntryTable.bucket(low, bucketCount, levelMask))
        }

        /// Whether the table has the same buckets now.
        func areBuckets(of table: EntryTable) -> Bool {
            bucketCount == table.bucketCount && levelMask == table.levelMask
        }

        /// The difference of two hashes' low bits within one region is a multiple of it.
        func stride(of region: Int) -> Int {
            let level = Int(levelMask) + 1
            let isSplit = region >= level || region + level < count
            return isSplit ? level * 2 : level
        }
    }

    /// The regions that are its buckets now.
    public var regions: Regions { Regions(self) }

    /// Calls `body` with each entry of a region.
    ///
    /// `body` must not change the table. Complexity: O(entries) while the table has about the size
    /// that it had then.
    public func forEach(
        inRegion region: Int,
        of regions: Regions,
        _ arena: borrowing Arena,
        _ body: (Entry) -> Void
    ) {
        guard count > 0 else { return }
        if regions.areBuckets(of: self) {
            return forEach(inBucket: region, arena) { body($0.entry) }
        }
        // Below its size of now, the region is where its number says and in what was split off;
        // otherwise it was merged into another bucket, which has other entries as well.
        var index = region
        if index >= bucketTotal {
            index = Int(EntryTable.bucket(UInt32(region), bucketCount, levelMask))
        }
        let stride = regions.stride(of: region)
        repeat {
            forEach(inBucket: index, arena) { location in
                if regions.region(of: arena.hasher(location.entry.key)) == region {
                    body(location.entry)
                }
            }
            index += stride
        } while region < bucketTotal && index < bucketTotal
    }
}
