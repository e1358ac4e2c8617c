internal import CCrypto

/// A SHA-256 digest, computed by libcrypto; passwords are stored only as digests.
public struct SHA256: Hashable, Sendable {
    /// The length of a digest in hexadecimal digits.
    public static let textCount = 64

    /// The 32 bytes as four big-endian words.
    private var parts: [UInt64]

    // SAFETY: fetched once, immutable from then on and never freed.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    /// The digest of `bytes`.
    ///
    /// Complexity: O(bytes).
    public init(of bytes: Bytes) {
        parts = [0, 0, 0, 0]
        // SAFETY: the bytes are readable for `count`, the sum has room for 32 bytes.
        let worked = unsafe parts.withUnsafeMutableBytes { sum in
            unsafe EVP_Digest(
                bytes.base,
                bytes.count,
                sum.baseAddress?.assumingMemoryBound(to: UInt8.self),
                nil,
                SHA256.algorithm,
                nil
            )
        }
        precondition(worked == 1, "libcrypto offers no SHA-256")
        for index in 0..<4 { parts[index] = UInt64(bigEndian: parts[index]) }
    }

    /// Parses 64 hexadecimal digits in lower case; nil for any other text.
    public init?(text: [UInt8]) {
        guard text.count == SHA256.textCount else { return nil }
        parts = [0, 0, 0, 0]
        for (index, digit) in text.enumerated() {
            let isUpper = digit >= UInt8(ascii: "A") && digit <= UInt8(ascii: "F")
            guard !isUpper, let value = HexDigit.value(digit) else { return nil }
            parts[index / 16] = parts[index / 16] << 4 | UInt64(value)
        }
    }

    /// The digest in hexadecimal digits, in lower case.
    public var text: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<SHA256.textCount).map { index in
            digits[Int(parts[index / 16] >> UInt64(60 - index % 16 * 4) & 15)]
        }
    }
}
