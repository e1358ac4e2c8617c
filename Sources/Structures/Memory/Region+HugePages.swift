internal import CSupport
internal import Glibc
internal import Primitives
internal import Synchronization

/// Prepares huge pages for large arenas before they are needed.
extension Region {
    /// Publishes the end of the lower zone to the helper, and wakes it once per huge page.
    func showEnd(_ end: Int) {
        guard let bell else { return }
        shownEnd.store(end, ordering: .releasing)
        let wanted = hugeBoundary(end) + Region.bytesAhead(of: end)
        guard wanted > askedEnd else { return }
        askedEnd = wanted
        bell.ring()
    }

    /// How far ahead of `end` to prepare pages: 1/256 of the memory, one to eight huge pages.
    private static func bytesAhead(of end: Int) -> Int {
        min(max(end / 256 / hugeBytes, 1), 8) * hugeBytes
    }

    /// The first offset from `end` on at which a huge page can start.
    private func hugeBoundary(_ end: Int) -> Int {
        // SAFETY: only the address is used.
        let start = unsafe Int(bitPattern: base)
        return (start + end + Region.hugeBytes - 1) & ~(Region.hugeBytes - 1) - start
    }

    /// Prepares huge pages ahead of those in use, on the helper's thread.
    ///
    /// The first touch of a huge page takes milliseconds, for which the partition's clients would
    /// wait. If use catches up with the helper, the pages just ahead stay small and the helper
    /// continues beyond them.
    public func prepareAhead() {
        while true {
            let end = shownEnd.load(ordering: .acquiring)
            let edge = hugeBoundary(max(end, Region.hugeFrom))
            var ready = readyEnd.load(ordering: .relaxed)
            if end <= Region.hugeFrom || ready > edge + Region.keptAhead {
                // The zone has shrunk: pages past it are small again until they are prepared anew.
                if ready > edge { advise(edge..<ready, 15) }  // MADV_NOHUGEPAGE
                readyEnd.store(min(ready, edge), ordering: .relaxed)
                pace = 0
                guard end > Region.hugeFrom else { return }
                continue
            }
            ready = max(ready, edge)
            var wanted = edge + Region.bytesAhead(of: end)
            if ready - end < 2 * pace {
                ready = hugeBoundary(end + min(4 * pace, Region.skippedMax))
                wanted = ready + Region.hugeBytes
            }
            guard ready + Region.hugeBytes <= min(wanted, capacity / 2) else { return }
            advise(ready..<ready + Region.hugeBytes, 14)  // MADV_HUGEPAGE
            // SAFETY: within the reservation, and writable, as commitments are not limited.
            unsafe apus_touch(base + ready)
            readyEnd.store(ready + Region.hugeBytes, ordering: .relaxed)
            pace = max(shownEnd.load(ordering: .acquiring) - end, pace / 2)
        }
    }

    /// How many bytes past those in use stay prepared when the zone shrinks.
    private static let keptAhead = 16 * hugeBytes
    /// The maximum number of bytes to leave to small pages at once.
    private static let skippedMax = 8 * hugeBytes

    private func advise(_ bytes: Range<Int>, _ advice: Int32) {
        // SAFETY: within the reservation; only advice.
        unsafe _ = madvise(base + bytes.lowerBound, bytes.count, advice)
    }
}
