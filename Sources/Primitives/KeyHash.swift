public import CSupport
internal import Glibc

/// The keyed 64-bit hash of keys, members and fields.
///
/// ```text
///  63      56 55      48 47                                   0
/// ┌──────────┬──────────┬──────────────────────────────────────┐
/// │partition │   tag    │  bucket (low bits, as many as needed) │
/// └──────────┴──────────┴──────────────────────────────────────┘
/// ```
/// The key is drawn once a process, so that nobody outside can make keys collide on purpose.
public struct KeyHash: Sendable {
    /// All 64 bits.
    public let bits: UInt64

    /// The process's secret.
    @usableFromInline
    static let secret: (UInt64, UInt64) = (
        UInt64.random(in: 1...UInt64.max), UInt64.random(in: 1...UInt64.max) | 1
    )

    /// Wraps bits computed before.
    @inlinable
    public init(bits: UInt64) { self.bits = bits }

    /// The tag kept beside a handle: 1...255, as 0 marks an empty slot.
    @inlinable
    public var tag: UInt8 {
        let byte = UInt8(truncatingIfNeeded: bits >> 48)
        return byte == 0 ? 1 : byte
    }
}

/// The hash function with its secret, to be held by who hashes often.
@frozen
public struct KeyHasher: Sendable {
    @usableFromInline let secret0: UInt64
    @usableFromInline let secret1: UInt64

    /// The hasher of this process; all of them are equal.
    public init() { (secret0, secret1) = KeyHash.secret }

    /// A hasher with a chosen secret, for tests.
    public init(secret0: UInt64, secret1: UInt64) {
        self.secret0 = secret0
        self.secret1 = secret1 | 1
    }

    /// The hash of `key`. Complexity: O(`key.count`), about a byte a quarter of a nanosecond.
    @inlinable
    public func callAsFunction(_ key: Bytes) -> KeyHash {
        // SAFETY: `key` is readable for its count.
        unsafe KeyHash(bits: apus_hash(key.base, key.count, secret0, secret1))
    }
}
