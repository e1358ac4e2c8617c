public import CSupport
internal import Glibc

/// The keyed 64-bit hash of keys, members and fields.
///
/// ```text
///  63              50 49 48 47      40 39                              0
/// ┌──────────────────┬─────┬──────────┬─────────────────────────────────┐
/// │ partition (first │     │   tag    │ bucket (low bits, as many as    │
/// │ 6), or hash slot │     │          │ needed)                         │
/// └──────────────────┴─────┴──────────┴─────────────────────────────────┘
/// ```
/// In a cluster, the top 14 bits are the key's hash slot, so that the keys of a slot are in one
/// partition and can be recognised by their hashes; tags and buckets vary within a slot as much as
/// they do without slots.
///
/// The secret is chosen at random for each process, so that outsiders cannot construct collisions.
public struct KeyHash: Sendable {
    /// All 64 bits.
    public let bits: UInt64

    /// The secret of the process.
    @usableFromInline
    static let secret: (UInt64, UInt64) = (
        UInt64.random(in: 1...UInt64.max), UInt64.random(in: 1...UInt64.max) | 1
    )

    /// Creates a hash from its bits.
    @inlinable
    public init(bits: UInt64) { self.bits = bits }

    /// The hash slot, if the hasher includes it.
    public var slot: HashSlot { HashSlot(number: UInt16(truncatingIfNeeded: bits >> 50)) }

    /// The tag stored beside a handle: 1...255, as 0 marks an empty slot.
    @inlinable
    public var tag: UInt8 {
        let byte = UInt8(truncatingIfNeeded: bits >> 40)
        return byte == 0 ? 1 : byte
    }
}

/// The hash function with its secret, for holders that hash often.
@frozen
public struct KeyHasher: Sendable {
    @usableFromInline let secret0: UInt64
    @usableFromInline let secret1: UInt64
    /// Whether the top bits are the key's hash slot.
    public let usesSlots: Bool

    /// Creates the hasher of this process, with or without hash slots; the lower bits are the same.
    public init(usesSlots: Bool = false) {
        (secret0, secret1) = KeyHash.secret
        self.usesSlots = usesSlots
    }

    /// Creates a hasher with a given secret, for tests.
    public init(secret0: UInt64, secret1: UInt64, usesSlots: Bool = false) {
        self.secret0 = secret0
        self.secret1 = secret1 | 1
        self.usesSlots = usesSlots
    }

    /// The hash of `key`.
    ///
    /// Complexity: O(`key.count`), about a quarter of a nanosecond per byte.
    @inlinable
    public func callAsFunction(_ key: Bytes) -> KeyHash {
        // SAFETY: `key` is readable for its count.
        let bits = unsafe apus_hash(key.base, key.count, secret0, secret1)
        return _fastPath(!usesSlots) ? KeyHash(bits: bits) : withSlot(bits, key)
    }

    @inline(never)
    @usableFromInline
    func withSlot(_ bits: UInt64, _ key: Bytes) -> KeyHash {
        KeyHash(bits: bits & (1 << 50 - 1) | UInt64(HashSlot(of: key).number) << 50)
    }
}
