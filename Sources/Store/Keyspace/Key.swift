public import Primitives

/// A key and its hash, which is computed once per command.
@frozen
public struct Key {
    /// The bytes of the key, borrowed from the request or from an entry.
    public let bytes: Bytes
    /// The hash of the bytes.
    public let hash: KeyHash

    /// Creates a key from its bytes and their hash.
    @inlinable
    public init(_ bytes: Bytes, _ hash: KeyHash) {
        self.bytes = bytes
        self.hash = hash
    }
}
