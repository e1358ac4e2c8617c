public import Primitives
public import Store

/// What an index knows of a hash: a term for each field, and one for each field with its value.
///
/// Terms are hashes of 64 bits; those of fields are odd, those with values even. Different ones may
/// be equal, about never, so whoever finds a hash by its terms looks at the hash itself as well.
public struct HashTerms: Sendable {
    /// The terms, in the order of the fields.
    public private(set) var list: [UInt64] = []
    private let hasher: KeyHasher
    /// The fields that count; all if there are none.
    private let fields: [[UInt8]]

    /// The most fields of a hash that are turned into terms where all fields count.
    public static let fieldsMax = 512

    /// No terms yet, made with `hasher`; only those of `fields` if there are any.
    public init(_ hasher: KeyHasher, fields: [[UInt8]]) {
        self.hasher = hasher
        self.fields = fields
    }

    /// Replaces the terms by those of `hash`; returns false, with no terms, if it has too many
    /// fields.
    ///
    /// Expired fields that are still there are included.
    ///
    /// Complexity: O(N) with N fields that count.
    public mutating func take(_ hash: HashValue) -> Bool {
        list.removeAll(keepingCapacity: true)
        guard !fields.isEmpty || hash.count <= HashTerms.fieldsMax else { return false }
        forEach(of: hash) { name, value in
            let field = HashTerms.field(name, hasher)
            list.append(field)
            list.append(
                value?.withBytes { HashTerms.pair(field, $0, hasher) }
                    ?? HashTerms.pair(field, nil, hasher)
            )
        }
        return true
    }

    /// Calls `body` with the term and the name of each field of `hash` that counts.
    public func forEachField(of hash: HashValue, _ body: (UInt64, Bytes) -> Void) {
        forEach(of: hash) { name, _ in body(HashTerms.field(name, hasher), name) }
    }

    private func forEach(of hash: HashValue, _ body: (Bytes, StringContent?) -> Void) {
        guard fields.isEmpty else {
            for field in fields {
                field.withBytes { name in
                    guard let found = hash.find(name, now: .min) else { return }
                    body(name, found.content)
                }
            }
            return
        }
        hash.forEach(now: .min) { name, value in
            name.withBytes { body($0, value) }
            return true
        }
    }

    /// Whether `term` is that of a field.
    public static func isField(_ term: UInt64) -> Bool { term & 1 == 1 }

    /// The term of a field.
    static func field(_ name: Bytes, _ hasher: KeyHasher) -> UInt64 { hasher(name).bits | 1 }

    /// The term of a value, or (nil) null, of the field with the term `field`.
    static func pair(_ field: UInt64, _ value: Bytes?, _ hasher: KeyHasher) -> UInt64 {
        let bits = value.map { hasher($0).bits } ?? 0x9E37_79B9_7F4A_7C15
        var term = (field ^ bits.byteSwapped) &* 0xD6E8_FEB8_6659_FD93
        term ^= term >> 32
        return term &* 0xD6E8_FEB8_6659_FD93 & ~1
    }
}
