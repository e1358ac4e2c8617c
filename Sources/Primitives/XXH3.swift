internal import CXXHash

/// The 64-bit XXH3 hash with seed 0, as returned by DIGEST; computed by xxHash.
///
/// Not for hash tables, as it has no secret.
public enum XXH3 {
    /// Hashes `input` without allocating memory.
    ///
    /// Complexity: O(bytes).
    public static func hash(_ input: Bytes) -> UInt64 {
        // SAFETY: the bytes are readable for `count`.
        unsafe apus_xxh3(input.base, input.count)
    }
}
