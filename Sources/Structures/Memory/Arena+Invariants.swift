internal import Primitives

/// The invariants of the arena, checked whole; for tests.
extension Arena {
    /// Whether all invariants hold. Complexity: O(pages + freed blocks).
    public var isValid: Bool {
        var live = 0
        var used = 0
        var free = 0
        var page: UInt32 = 1
        while page < pageCount {
            let record = record(page)
            switch record.sizeClass {
            case PageRecord.unused:
                free += 1
                page += 1
            case PageRecord.run:
                guard record.next > 0, record.next <= pageCount - page else { return false }
                used += Int(record.next)
                live += Int(record.next) << Arena.pageShift
                page += record.next
            default:
                guard isValidPage(page) else { return false }
                used += 1
                live += Int(record.live) * SizeClasses.byteCount(Int(record.sizeClass))
                page += 1
            }
        }
        return live == liveBytes && used << Arena.pageShift == pageBytes
            && free == freeRuns.pageCount && hasValidLists
    }

    /// Whether the blocks of a page are in use, freed or never used, each once.
    private func isValidPage(_ page: UInt32) -> Bool {
        let record = record(page)
        guard Int(record.sizeClass) < SizeClasses.count, record.live > 0 else { return false }
        let units = SizeClasses.byteCount(Int(record.sizeClass)) >> 3
        let blocks = Int(Arena.pageUnits) / units
        let begun = record.bump == .max ? blocks : Int(record.bump) / units
        var freed = 0
        var unit = record.free
        while unit != .max {
            freed += 1
            guard freed <= blocks, Int(unit) % units == 0, Int(unit) / units < begun else {
                return false
            }
            unit = cell(page, unit).load(0)
        }
        return Int(record.live) + freed == begun
    }

    /// Whether just the pages with room stand in the lists of their classes.
    private var hasValidLists: Bool {
        var listed = 0
        for sizeClass in 0..<SizeClasses.count {
            var previous: UInt32 = 0
            // SAFETY: a class's own place.
            var page = unsafe heads[sizeClass]
            while page != 0 {
                let record = record(page)
                guard Int(record.sizeClass) == sizeClass, hasRoom(record),
                    previous == 0 || record.previous == previous
                else { return false }
                listed += 1
                previous = page
                page = record.next
            }
        }
        var roomy = 0
        var page: UInt32 = 1
        while page < pageCount {
            let record = record(page)
            if record.sizeClass == PageRecord.run {
                page += record.next
                continue
            }
            if record.sizeClass != PageRecord.unused, hasRoom(record) { roomy += 1 }
            page += 1
        }
        return listed == roomy
    }

    private func hasRoom(_ record: PageRecord) -> Bool {
        record.free != .max || record.bump != .max
    }
}
