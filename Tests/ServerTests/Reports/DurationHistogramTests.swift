import Testing

@testable import Server

@Suite struct DurationHistogramTests {
    @Test func `buckets are adjacent and cover what they say`() {
        var bucket = 0
        for cycles: UInt64 in 0...100_000 {
            let next = DurationHistogram.bucket(cycles)
            #expect(next == bucket || next == bucket + 1)
            bucket = next
            #expect(DurationHistogram.longest(bucket) >= cycles)
            #expect(bucket == 0 || DurationHistogram.longest(bucket - 1) < cycles)
        }
    }

    @Test func `a bucket is within three percent of its durations`() {
        for shift in 5..<40 {
            let cycles = UInt64(1) << shift
            let longest = DurationHistogram.longest(DurationHistogram.bucket(cycles))
            #expect(Double(longest - cycles) <= Double(cycles) * 0.032)
        }
    }

    @Test func `durations beyond all buckets are counted in the last one`() {
        #expect(DurationHistogram.bucket(.max) == DurationHistogram.bucketCount - 1)
        #expect(DurationHistogram.bucket(1 << 41) <= DurationHistogram.bucketCount - 1)
    }

    @Test func `percentiles are those of the counted durations`() {
        let histogram = DurationHistogram()
        defer { histogram.free() }
        for cycles: UInt64 in 1...1000 { histogram.count(cycles) }
        let counted = histogram.counted
        #expect(counted.reduce(0, +) == 1000)
        for share in [1.0, 50, 90, 99, 99.9, 100] {
            let duration = DurationHistogram.percentile(share, of: counted)
            let exact = share * 10
            #expect(Double(duration) >= exact && Double(duration) <= exact * 1.04 + 1)
        }
        #expect(DurationHistogram.percentile(0, of: counted) == 1)
        #expect(DurationHistogram.percentile(50, of: [0, 0]) == 0)
    }
}
