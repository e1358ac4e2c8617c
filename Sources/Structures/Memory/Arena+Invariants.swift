internal import Primitives

/// Checks all invariants of the arena; for tests.
extension Arena {
    /// Whether all invariants hold.
    ///
    /// Complexity: O(pages + freed blocks).
    public var isValid: Bool {
        var live = 0
        var used = 0
        var isValid = true
        forEachPage { page, record in
            used += Int(record.pageCount)
            if record.sizeClass == PageRecord.run {
                live += Int(record.next) << Arena.pageShift
            } else {
                guard isValidPage(page) else { return isValid = false }
                live += Int(record.live) * SizeClasses.byteCount(Int(record.sizeClass))
            }
        }
        return isValid && live == liveBytes && used << Arena.pageShift == pageBytes
            && hasValidLists
    }

    /// Whether each block of a page is exactly one of in use, freed or never used.
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

    /// Whether the lists of the classes contain exactly the pages with room.
    private var hasValidLists: Bool {
        var listed = 0
        for sizeClass in 0..<SizeClasses.count {
            var previous: UInt32 = 0
            // SAFETY: the index is a class.
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
        forEachPage { _, record in
            if record.sizeClass != PageRecord.run, hasRoom(record) { roomy += 1 }
        }
        return listed == roomy
    }

    private func hasRoom(_ record: PageRecord) -> Bool {
        record.free != .max || record.bump != .max
    }
}
