/// The maximum size of a list node, from the setting list-max-listpack-size.
public struct ListNodeLimit: Sendable {
    /// The maximum size of a node's block in bytes, including its head.
    public let bytesMax: Int
    /// The maximum number of elements.
    public let countMax: Int

    /// The maximum block size if the setting counts elements.
    static let countedBytesMax = 8192

    /// Creates the limit for `setting`, capped at `bytesMax` bytes.
    ///
    /// -1…-5 (and below) mean 4…64 KiB; other values mean a number of elements, which take at most
    /// 8 KiB.
    public init(setting: Int, bytesMax: Int = .max) {
        if setting < 0 {
            self.bytesMax = min(2048 << min(-setting, 5), bytesMax)
            countMax = .max
        } else {
            self.bytesMax = min(ListNodeLimit.countedBytesMax, bytesMax)
            countMax = max(setting, 1)
        }
    }

    /// Whether a node with `count` elements and `byteCount` bytes is within the limit.
    public func allows(count: Int, byteCount: Int) -> Bool {
        count <= countMax && byteCount <= bytesMax
    }

    /// The limit below which a shrinking list is converted back to a single node.
    public var halved: ListNodeLimit {
        ListNodeLimit(bytesMax: bytesMax / 2, countMax: countMax == .max ? .max : countMax / 2)
    }

    private init(bytesMax: Int, countMax: Int) {
        self.bytesMax = bytesMax
        self.countMax = countMax
    }
}
