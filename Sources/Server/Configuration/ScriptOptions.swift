/// The configuration of scripts.
public struct ScriptOptions: Sendable {
    /// `busy-reply-threshold`, in milliseconds; `Int.max` if scripts are never busy.
    public let millisecondsMax: Int
    /// `lua-memory-limit`: the maximum memory for the scripts of a worker, in bytes.
    public let bytesMax: Int

    init(_ read: ConfigurationReader) {
        let threshold = read.integer("busy-reply-threshold")
        millisecondsMax = threshold > 0 ? threshold : .max
        bytesMax = read.size("lua-memory-limit")
    }
}
