internal import Primitives

/// How full the pages of one or several arenas are.
public struct ArenaUsage: Sendable {
    /// Per size class, the pages cut into blocks of that size, and the blocks in use.
    public private(set) var classes =
        [(pages: Int, blocks: Int)](repeating: (0, 0), count: SizeClasses.count)
    /// Blocks that take whole pages, and their pages.
    public private(set) var runs: (blocks: Int, pages: Int) = (0, 0)
    /// Pages that currently belong to no arena.
    public private(set) var idlePages = 0
    /// The total size of all blocks in use, in bytes.
    public private(set) var liveBytes = 0
    /// The total size of all pages in use, in bytes.
    public private(set) var pageBytes = 0

    /// Creates empty totals.
    public init() {}

    /// Adds an arena to the totals.
    ///
    /// Complexity: O(its pages).
    public mutating func add(_ arena: borrowing Arena) {
        liveBytes += arena.liveBytes
        pageBytes += arena.pageBytes
        arena.forEachPage { _, record in
            if record.sizeClass == PageRecord.run {
                runs.blocks += 1
                runs.pages += Int(record.next)
            } else {
                classes[Int(record.sizeClass)].pages += 1
                classes[Int(record.sizeClass)].blocks += Int(record.live)
            }
        }
    }

    /// Adds the free pages of a region to the totals.
    public mutating func add(_ region: Region) { idlePages += region.idlePageCount }
}
