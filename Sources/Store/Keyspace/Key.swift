public import Primitives

/// A key with its hash, computed once a command.
@frozen
public struct Key {
    /// The key's bytes, lent by the request or by an entry.
    public let bytes: Bytes
    /// Their hash.
    public let hash: KeyHash

    /// Joins a key and its hash.
    @inlinable
    public init(_ bytes: Bytes, _ hash: KeyHash) {
        self.bytes = bytes
        self.hash = hash
    }
}
