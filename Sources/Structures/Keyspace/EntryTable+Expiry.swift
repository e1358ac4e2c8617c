internal import Primitives

/// Hints when something in a bucket may expire: ticks of 16 ms, early at worst, never late.
extension EntryTable {
    /// Converts milliseconds since 1970 to ticks.
    ///
    /// Times 2 years or more after the process's start become the last tick and are checked again
    /// then.
    public enum Tick {
        /// Milliseconds since 1970 at which tick 1 begins.
        public static let origin = Clock.unixMilliseconds() - 16

        /// The tick that contains `expiry`, rounded down so that a hint is never late.
        public static func containing(_ expiry: Int64) -> UInt32 {
            let (past, overflow) = expiry.subtractingReportingOverflow(origin)
            if overflow { return expiry < 0 ? 0 : UInt32.max - 1 }
            return UInt32(clamping: min(max(past >> 4, 0), Int64(UInt32.max - 1)))
        }
    }

    /// Records that something in bucket `index` expires at `expiry` (milliseconds since 1970).
    public func note(expiry: Int64, _ index: UInt32, _ arena: inout Arena) {
        note(tick: Tick.containing(expiry), index, &arena)
    }

    func note(tick: UInt32, _ index: UInt32, _ arena: inout Arena) {
        assert(index < bucketCount, "no such bucket")
        assert(tick != .max, "the last tick means no expiry")
        let record = segmentRecord(index >> EntryTable.segmentShift, arena)
        if record.hints.isNone { openHints(record, &arena) }
        let hints = arena.cell(record.hints)
        let offset = Int(index & 63) * 4
        if tick < hints.load(offset, as: UInt32.self) { hints.store(tick, offset) }
        if tick < record.earliest { record.earliest = tick }
    }

    private func openHints(_ record: SegmentRecord, _ arena: inout Arena) {
        assert(record.hints.isNone, "the hints exist already")
        assert(record.earliest == .max, "nothing is due without hints")
        record.hints = arena.allocate(64 * 4)
        let hints = arena.cell(record.hints)
        for index in 0..<64 { hints.store(UInt32.max, index * 4) }
    }

    /// The tick recorded for bucket `index`; `.max` if there is none.
    public func hint(_ index: UInt32, _ arena: borrowing Arena) -> UInt32 {
        let record = segmentRecord(index >> EntryTable.segmentShift, arena)
        return record.hints.isNone ? .max : arena.cell(record.hints).load(Int(index & 63) * 4)
    }

    /// The first bucket from `start` on in which something may have expired at `now`, or nil.
    ///
    /// Complexity: O(buckets / 64) words read.
    public func dueBucket(from start: Int, now: Int64, _ arena: borrowing Arena) -> Int? {
        guard count > 0 else { return nil }
        let tick = Tick.containing(now)
        var index = UInt32(start)
        while index < bucketCount {
            let segment = index >> EntryTable.segmentShift
            let record = segmentRecord(segment, arena)
            let end = min((segment + 1) << EntryTable.segmentShift, bucketCount)
            if record.earliest <= tick {
                let hints = arena.cell(record.hints)
                while index < end {
                    let hint: UInt32 = hints.load(Int(index & 63) * 4)
                    if hint <= tick { return Int(index) }
                    index += 1
                }
            }
            index = end
        }
        return nil
    }

    /// Sets bucket `index`'s hint to `expiry`, the earliest actual expiry in it (nil: none).
    ///
    /// Complexity: O(64).
    public func correctHint(_ index: Int, to expiry: Int64?, _ arena: borrowing Arena) {
        guard index < Int(bucketCount) else { return }
        let record = segmentRecord(UInt32(index) >> EntryTable.segmentShift, arena)
        guard !record.hints.isNone else { return }
        let hints = arena.cell(record.hints)
        hints.store(expiry.map(Tick.containing) ?? .max, (index & 63) * 4)
        var earliest = UInt32.max
        for place in 0..<64 { earliest = min(earliest, hints.load(place * 4)) }
        record.earliest = earliest
    }

    /// The earliest moment at which anything may expire (milliseconds since 1970), or nil.
    ///
    /// Complexity: O(buckets / 64).
    public func earliestExpiry(_ arena: borrowing Arena) -> Int64? {
        guard bucketCount > 0 else { return nil }
        var earliest = UInt32.max
        for segment in 0...(bucketCount - 1) >> EntryTable.segmentShift {
            earliest = min(earliest, segmentRecord(segment, arena).earliest)
        }
        return earliest == .max ? nil : Tick.origin + Int64(earliest) << 4
    }
}
