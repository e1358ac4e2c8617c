import Testing

@testable import Store

@Suite struct KeyspacePlanTests {
    @Test func `one worker has as many partitions as the machine's memory can fill`() {
        for (gigabytes, partitions) in [(0, 1), (23, 1), (24, 1), (32, 2), (200, 16), (9000, 64)] {
            let plan = KeyspacePlan(workers: 1, machineBytes: gigabytes << 30)
            #expect(plan.partitionCount == partitions && plan.regionBytes == 32 << 30)
            #expect(!plan.isLimited)
        }
    }

    @Test func `several workers have 64 partitions`() {
        for workers in [2, 4, 64] {
            let plan = KeyspacePlan(workers: workers, machineBytes: 1 << 30)
            #expect(plan == KeyspacePlan(partitionCount: 64, regionBytes: 32 << 30))
        }
    }

    @Test func `half of a limited address space is for keys`() {
        let one = KeyspacePlan(workers: 1, machineBytes: 8 << 30, addressBytesMax: 1 << 30)
        #expect(one == KeyspacePlan(partitionCount: 1, regionBytes: 512 << 20, isLimited: true))
        let more = KeyspacePlan(workers: 4, machineBytes: 8 << 30, addressBytesMax: 3 << 30)
        #expect(more == KeyspacePlan(partitionCount: 64, regionBytes: 16 << 20, isLimited: true))
    }
}
