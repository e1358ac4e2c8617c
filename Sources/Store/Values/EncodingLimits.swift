internal import Structures

/// The limits of the small encodings of collections, named as in the configuration.
public struct EncodingLimits: Sendable {
    /// hash-max-listpack-entries.
    public var hashPackEntriesMax = 512
    /// hash-max-listpack-value.
    public var hashPackValueMax = 64
    /// set-max-intset-entries.
    public var setIntegersMax = 512
    /// set-max-listpack-entries.
    public var setPackEntriesMax = 128
    /// set-max-listpack-value.
    public var setPackValueMax = 64
    /// zset-max-listpack-entries.
    public var sortedSetPackEntriesMax = 128
    /// zset-max-listpack-value.
    public var sortedSetPackValueMax = 64
    /// list-max-listpack-size: a size level if negative, otherwise a number of elements.
    public var listPackSize = -2
    /// The maximum size of a list node in bytes, on top of what list-max-listpack-size allows.
    public var listNodeBytesMax = Int.max
    /// list-compress-depth.
    public var listCompressDepth = 0
    /// stream-node-max-bytes.
    public var streamNodeBytesMax = 4096
    /// stream-node-max-entries.
    public var streamNodeEntriesMax = 100
    /// hll-sparse-max-bytes.
    public var hyperLogLogSparseBytesMax = 3000

    /// Creates limits with Redis' defaults.
    public init() {}

    /// How large a list node may grow.
    var listNode: ListNodeLimit {
        ListNodeLimit(setting: listPackSize, bytesMax: listNodeBytesMax)
    }
}
