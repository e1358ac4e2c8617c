internal import Structures

/// Into how many partitions the keyspace is cut, and how many addresses each reserves.
///
/// A partition holds at most what its region can: 32 GiB. Several workers share 64 partitions for
/// their locks' sake, which is room for 2 TiB. One worker gains nothing by partitions, so it has as
/// few as the machine's memory can fill: one up to 24 GiB, eight up to 192 GiB.
public struct KeyspacePlan: Equatable, Sendable {
    /// The number of partitions, a power of two up to 64.
    public let partitionCount: Int
    /// The bytes of addresses that each of them reserves.
    public let regionBytes: Int
    /// Whether addresses or promises of memory are limited.
    public let isLimited: Bool
    /// Whether partitions are cut by the keys' hash slots.
    public let usesSlots: Bool

    /// What a partition is planned to hold; the rest of its region is for keys that are not spread
    /// evenly.
    private static let plannedBytes = 24 << 30
    private static let partitionsMax = 64
    private static let regionBytesMin = 4 << 20
    /// The least room for keys with which a server is of use.
    public static let bytesMin = 4 << 20

    /// A plan that is known already.
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

    /// The plan for `workers` threads on a machine with `machineBytes` of memory, swap included, of
    /// a process that may have `addressBytesMax` of addresses (`ulimit -v`), half of which serve
    /// regions.
    ///
    /// `promisesStrictly`: the system promises no more memory than it has (vm.overcommit_memory is
    /// 2). `usesSlots`: the process is a node of a cluster; each of the 64 partitions then holds
    /// 256 slots.
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
