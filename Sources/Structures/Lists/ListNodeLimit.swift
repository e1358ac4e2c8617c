/// How large a node of a list may grow, from the setting list-max-listpack-size.
public struct ListNodeLimit: Sendable {
    /// The most bytes of a node's block, its head included.
    public let bytesMax: Int
    /// The most elements.
    public let countMax: Int

    /// A node of this size at most, where the setting counts elements.
    static let countedBytesMax = 8192

    /// The limit that `setting` means: -1…-5 (and below) for 4…64 KiB, else a number of elements,
    /// which take 8 KiB at most; in any case at most `bytesMax` bytes.
    public init(setting: Int, bytesMax: Int = .max) {
        if setting < 0 {
            self.bytesMax = min(2048 << min(-setting, 5), bytesMax)
            countMax = .max
        } else {
            self.bytesMax = min(ListNodeLimit.countedBytesMax, bytesMax)
            countMax = max(setting, 1)
        }
    }

    /// Whether `count` elements of `byteCount` bytes together are within the limit.
    public func allows(count: Int, byteCount: Int) -> Bool {
        count <= countMax && byteCount <= bytesMax
    }

    /// The limit below which a list that shrinks becomes one node again.
    public var halved: ListNodeLimit {
        ListNodeLimit(bytesMax: bytesMax / 2, countMax: countMax == .max ? .max : countMax / 2)
    }

    private init(bytesMax: Int, countMax: Int) {
        self.bytesMax = bytesMax
        self.countMax = countMax
    }
}
