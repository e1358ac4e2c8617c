internal import Primitives

/// How the pages of one or several arenas are filled.
public struct ArenaUsage: Sendable {
    /// By size class, the pages cut into blocks of that size, and the blocks in use.
    public private(set) var classes =
        [(pages: Int, blocks: Int)](repeating: (0, 0), count: SizeClasses.count)
    /// Blocks of whole pages, and their pages.
    public private(set) var runs: (blocks: Int, pages: Int) = (0, 0)
    /// Pages that no arena has now.
    public private(set) var idlePages = 0
    /// The bytes of all blocks in use.
    public private(set) var liveBytes = 0
    /// The bytes of all pages in use.
    public private(set) var pageBytes = 0

    /// Nothing yet.
    public init() {}

    /// Takes an arena in.
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

    /// Counts the free pages of a region.
    public mutating func add(_ region: Region) { idlePages += region.idlePageCount }
}
