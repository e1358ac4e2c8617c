internal import Commands
internal import Primitives
internal import Store

/// One partition's part of an index, guarded by the partition's lock.
final class HashIndexPart: @unchecked Sendable {  // because: the partition's lock guards it
    private var hashes: IndexedHashes
    /// An empty index.
    private let blank: IndexedHashes
    /// The position of the scan that builds this part, 0 if it has not begun; nil if all hashes are
    /// known.
    var cursor: UInt64?
    private let bytes = Counter()

    /// Creates an empty part, of `partCount`, of an index over certain fields, or over all for
    /// none.
    init(_ hasher: KeyHasher, fields: [[UInt8]], partCount: Int) {
        blank = IndexedHashes(HashTerms(hasher, fields: fields), partCount: partCount)
        hashes = blank
    }

    /// The number of hashes.
    var count: Int { hashes.count }

    /// The memory it takes, in bytes; any thread may ask.
    var byteCount: Int { Int(bytes.value) }

    /// Notes what `key` holds now: a hash, or (nil) nothing that is indexed.
    func update(_ key: Key, _ hash: HashValue?) {
        hashes.update(key, hash)
        bytes.set(UInt64(hashes.byteCount))
    }

    /// Forgets everything; returns what there was, which takes long to free.
    func reset() -> IndexedHashes {
        let old = hashes
        hashes = blank
        bytes.set(0)
        return old
    }

    /// Calls `body` with the keys of hashes that may match, until it returns false.
    ///
    /// Before, calls `prefetch` twice with the hash of each key: for the bucket, and for the entry.
    func find(
        _ query: borrowing HashQuery,
        prefetch: (KeyHash, _ isEntry: Bool) -> Void,
        _ body: (Key) -> Bool
    ) {
        hashes.find(query, prefetch: prefetch, body)
    }

    /// Calls `body` with the name of each field and the number of hashes that have it, apart from
    /// those that `forEachLarge` names.
    func forEachField(_ body: ([UInt8], Int) -> Void) { hashes.forEachField(body) }

    /// Calls `body` with the keys of hashes with so many fields that these are not indexed.
    func forEachLarge(_ body: (Bytes) -> Void) { hashes.forEachLarge(body) }
}
