internal import CCrypto

/// A 160-bit SHA-1 digest, computed by libcrypto.
///
/// Redis' dataset digests are built from it; nothing depends on its security.
public struct SHA1: Equatable, Sendable {
    /// The 20 bytes as five big-endian words.
    private var parts: InlineArray<5, UInt32>

    // SAFETY: fetched once, then immutable and never freed.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHA1", nil)

    /// Creates a digest of zeros, which is not the digest of any known bytes.
    public init() { parts = InlineArray(repeating: 0) }

    /// The digest of `bytes`.
    ///
    /// Complexity: O(bytes).
    public init(of bytes: Bytes) {
        self.init()
        // SAFETY: the bytes are readable for `count`; the digest has room for the 20 bytes of
        // SHA-1.
        let worked = unsafe withUnsafeMutableBytes(of: &parts) { sum in
            unsafe EVP_Digest(
                bytes.base,
                bytes.count,
                sum.baseAddress?.assumingMemoryBound(to: UInt8.self),
                nil,
                SHA1.algorithm,
                nil
            )
        }
        precondition(worked == 1, "libcrypto offers no SHA-1")
        for index in 0..<5 { parts[index] = UInt32(bigEndian: parts[index]) }
    }

    /// The digest of the 20 bytes of `sum`.
    public init(of sum: SHA1) {
        var bytes = sum.parts
        for index in 0..<5 { bytes[index] = bytes[index].bigEndian }
        // SAFETY: the bytes are borrowed for this call only.
        self = unsafe withUnsafeBytes(of: &bytes) { raw in
            unsafe raw.baseAddress.map { unsafe SHA1(of: Bytes(raw: $0, count: raw.count)) }
                ?? SHA1()
        }
    }

    /// The bitwise exclusive or.
    public static func ^ (left: SHA1, right: SHA1) -> SHA1 {
        var sum = left
        for index in 0..<5 { sum.parts[index] ^= right.parts[index] }
        return sum
    }

    /// Whether all bits are the same.
    public static func == (left: SHA1, right: SHA1) -> Bool {
        (0..<5).allSatisfy { left.parts[$0] == right.parts[$0] }
    }

    /// The five 32-bit words, in big-endian order.
    public var words: [UInt32] { (0..<5).map { parts[$0] } }
}
