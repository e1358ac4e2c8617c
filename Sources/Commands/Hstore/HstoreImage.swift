internal import Primitives
internal import Store

/// The layout of hstore in PostgreSQL, for comparing hashes in the order of its B-tree indexes.
///
/// ```text
/// text   name, value, name, value, …      without anything in between
/// ends   where each of them ends          a null value is empty
/// ```
struct HstoreImage: ~Copyable {
    private var text = ByteBuffer()
    private var ends: [Int] = []
    private var nulls: [Bool] = []

    /// The image of `fields`, of none for nil.
    ///
    /// Complexity: O(bytes).
    init(_ selection: FieldSelection?) {
        for field in selection?.fields ?? [] {
            field.name.withBytes { text.append($0) }
            ends.append(text.count)
            field.value?.withBytes { text.append($0) }
            ends.append(text.count)
            nulls.append(field.value == nil)
        }
    }

    /// -1, 0 or 1 if this comes before, equals or comes after `other`.
    ///
    /// By the texts, then by the number of fields, then by the first end or null that differs.
    func compare(_ other: borrowing HstoreImage) -> Int {
        let byCount = HstoreImage.sign(ends.count, other.ends.count)
        if ends.isEmpty || other.ends.isEmpty { return byCount }
        let byText = text.bytes.compare(other.text.bytes)
        if byText != 0 { return byText.signum() }
        if byCount != 0 { return byCount }
        for index in ends.indices {
            if ends[index] != other.ends[index] {
                return HstoreImage.sign(ends[index], other.ends[index])
            }
            guard index % 2 == 1, nulls[index / 2] != other.nulls[index / 2] else { continue }
            return nulls[index / 2] ? 1 : -1
        }
        return 0
    }

    private static func sign(_ left: Int, _ right: Int) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }
}
