internal import CCrypto

/// A SHA-256 sum, computed by libcrypto: what is kept of a password.
public struct SHA256: Hashable, Sendable {
    /// The characters of a sum as text.
    public static let textCount = 64

    /// The 32 bytes as four words, the first bytes in the highest bits of the first.
    private var parts: [UInt64]

    // SAFETY: fetched once, immutable from then on and never freed.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    /// The sum of `bytes`.
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

    /// The sum that 64 hexadecimal digits in lower case stand for; nil for any other text.
    public init?(text: [UInt8]) {
        guard text.count == SHA256.textCount else { return nil }
        parts = [0, 0, 0, 0]
        for (index, digit) in text.enumerated() {
            let isUpper = digit >= UInt8(ascii: "A") && digit <= UInt8(ascii: "F")
            guard !isUpper, let value = HexDigit.value(digit) else { return nil }
            parts[index / 16] = parts[index / 16] << 4 | UInt64(value)
        }
    }

    /// The sum in hexadecimal digits, in lower case.
    public var text: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<SHA256.textCount).map { index in
            digits[Int(parts[index / 16] >> UInt64(60 - index % 16 * 4) & 15)]
        }
    }
}
