internal import Primitives
internal import Store

/// The order of hstore: shorter names first, names of the same length by their bytes.
enum HstoreOrder {
    /// Whether `left` comes before `right`.
    static func precedes(_ left: Bytes, _ right: Bytes) -> Bool {
        left.count != right.count ? left.count < right.count : left.compare(right) < 0
    }

    /// As above, for names as a hash stores them.
    static func precedes(_ left: StringContent, _ right: StringContent) -> Bool {
        left.withBytes { left in right.withBytes { precedes(left, $0) } }
    }
}
