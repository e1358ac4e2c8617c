internal import CXXHash

/// The 64-bit XXH3 hash with seed 0, which DIGEST returns; xxHash computes it.
///
/// Not for hash tables: it takes no secret of ours.
public enum XXH3 {
    /// The hash of `input`, without allocating.
    ///
    /// Complexity: O(bytes).
    public static func hash(_ input: Bytes) -> UInt64 {
        // SAFETY: the bytes are readable for `count`.
        unsafe apus_xxh3(input.base, input.count)
    }
}
