internal import Structures

/// The number of partitions of a keyspace, and the address space that each reserves.
///
/// A partition holds at most as much as its region: 32 GiB. Several workers share 64 partitions,
/// which reduces lock contention and allows for 2 TiB. A single worker gains nothing from
/// partitions, so it gets as few as the machine's memory can fill: one up to 24 GiB, eight up to
/// 192 GiB.
public struct KeyspacePlan: Equatable, Sendable {
    /// The number of partitions, a power of two up to 64.
    public let partitionCount: Int
    /// The address space that each partition reserves, in bytes.
    public let regionBytes: Int
    /// Whether address space or memory commitments are limited.
    public let isLimited: Bool
    /// Whether keys are assigned to partitions by hash slot.
    public let usesSlots: Bool

    /// How much a partition is planned to hold.
    ///
    /// The rest of its region allows for an uneven distribution of keys.
    private static let plannedBytes = 24 << 30
    private static let partitionsMax = 64
    private static let regionBytesMin = 4 << 20
    /// The minimum memory for keys with which a server is useful.
    public static let bytesMin = 4 << 20

    /// Creates a plan from known values.
    public init(
        partitionCount: Int,
        regionBytes: Int,
        isLimited: Bool = false,
        usesSlots: Bool = false
    ) {
        precondition(
            partitionCount > 0 && partitionCount <= 64 && partitionCount.nonzeroBitCount == 1,
            "a power of two up to 64"
        )
        self.partitionCount = partitionCount
        self.regionBytes = regionBytes
        self.isLimited = isLimited
        self.usesSlots = usesSlots
    }

    /// Plans for `workers` threads on a machine with `machineBytes` of memory, including swap.
    ///
    /// The process may have `addressBytesMax` of address space (`ulimit -v`), half of which is for
    /// regions. `promisesStrictly`: the system commits no more memory than it has
    /// (vm.overcommit_memory is 2). `usesSlots`: the process is a cluster node; each of the 64
    /// partitions then holds 256 slots.
    public init(
        workers: Int,
        machineBytes: Int,
        addressBytesMax: Int? = nil,
        promisesStrictly: Bool = false,
        usesSlots: Bool = false
    ) {
        var partitions = workers > 1 || usesSlots ? KeyspacePlan.partitionsMax : 1
        while partitions < KeyspacePlan.partitionsMax,
            partitions * KeyspacePlan.plannedBytes < machineBytes
        {
            partitions *= 2
        }
        var regionBytes = Region.byteCountMax
        if let addressBytesMax {
            let share = max(addressBytesMax / 2 / partitions, KeyspacePlan.regionBytesMin)
            while regionBytes > share { regionBytes /= 2 }
        }
        self.init(
            partitionCount: partitions,
            regionBytes: regionBytes,
            isLimited: addressBytesMax != nil || promisesStrictly,
            usesSlots: usesSlots
        )
    }
}
