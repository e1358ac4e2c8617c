internal import CSupport
internal import Glibc
internal import Primitives
internal import Synchronization

/// Huge pages for large arenas, prepared before they are needed.
extension Region {
    /// Tells the helper how far the lower zone reaches, and wakes it once for every huge page.
    func showEnd(_ end: Int) {
        guard let bell else { return }
        shownEnd.store(end, ordering: .releasing)
        let wanted = hugeBoundary(end) + Region.bytesAhead(of: end)
        guard wanted > askedEnd else { return }
        askedEnd = wanted
        bell.ring()
    }

    /// How far ahead of `end` pages are prepared: one, of much memory a 256th of it.
    private static func bytesAhead(of end: Int) -> Int {
        min(max(end / 256 / hugeBytes, 1), 8) * hugeBytes
    }

    /// The first place from `end` on at which a huge page can begin.
    private func hugeBoundary(_ end: Int) -> Int {
        // SAFETY: only the address is looked at.
        let start = unsafe Int(bitPattern: base)
        return (start + end + Region.hugeBytes - 1) & ~(Region.hugeBytes - 1) - start
    }

    /// Prepares huge pages ahead of what is in use, on the helper's thread: the first touch of one
    /// takes milliseconds, which the partition's users would wait for.
    ///
    /// Where they come too close, the pages just ahead of them stay small, and the helper goes on
    /// beyond.
    public func prepareAhead() {
        while true {
            let end = shownEnd.load(ordering: .acquiring)
            let edge = hugeBoundary(max(end, Region.hugeFrom))
            var ready = readyEnd.load(ordering: .relaxed)
            if end <= Region.hugeFrom || ready > edge + Region.keptAhead {
                // The zone has shrunk: pages there are small again until they are prepared anew.
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
            // SAFETY: within the reservation, writable as promises are not limited.
            unsafe apus_touch(base + ready)
            readyEnd.store(ready + Region.hugeBytes, ordering: .relaxed)
            pace = max(shownEnd.load(ordering: .acquiring) - end, pace / 2)
        }
    }

    /// Bytes ahead of what is in use that stay prepared when it shrinks.
    private static let keptAhead = 16 * hugeBytes
    /// Bytes that are left to small pages at once.
    private static let skippedMax = 8 * hugeBytes

    private func advise(_ bytes: Range<Int>, _ advice: Int32) {
        // SAFETY: within the reservation; advice only.
        unsafe _ = madvise(base + bytes.lowerBound, bytes.count, advice)
    }
}
