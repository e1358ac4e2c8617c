internal import Commands
internal import Primitives
internal import Store

/// An inverted index over the terms of hashes.
///
/// ```text
/// numbers    hash of a key ─▶ number of a document       postings  term ─▶ a number, or a list
/// documents  number ─▶ key, its terms, and its place     lists     numbers of documents, in any
///                      in the list of each                         order
/// ```
/// As a document knows its places, adding it to a list or removing it takes the same time however
/// long the list is, and touches no other document.
///
/// ## Invariants
/// The terms of documents, and nothing else, are in `postings`. A document has every term once; its
/// cell has its place in the list, or 0 if it is the only one with the term.
struct IndexedHashes: Sendable {
    private struct Cell {
        let term: UInt64
        var place: UInt32
    }

    private struct Document {
        var hash: UInt64 = 0
        /// Another hash of the key: both are the same for the same key only.
        var check: UInt32 = 0
        /// Whether it has no terms, as there would be too many.
        var isLarge = false
        var isUsed = false
        var key: [UInt8] = []
        var cells: [Cell] = []
    }

    private var numbers: NumberTable
    /// The documents whose keys have the same hash as an earlier one: about never are there any.
    private var twins: [[UInt8]: UInt32] = [:]
    private var documents = NumberedPages(blank: Document())
    private var large: Set<UInt32> = []
    /// The flag says that the number is that of a list.
    private var postings: NumberTable
    private var lists = NumberedPages(blank: DocumentList())
    private var names: [UInt64: [UInt8]] = [:]
    private var terms: HashTerms
    private let checker = KeyHasher(
        secret0: UInt64.random(in: 1...UInt64.max),
        secret1: UInt64.random(in: 1...UInt64.max)
    )
    /// Whether the current update has given a hash a field that no other has.
    private var hasNewField = false
    /// The bytes of the blocks of keys, cells, lists and names.
    private var blockBytes = 0

    /// Creates an empty index of the terms that `terms` makes, one of `partCount` parts.
    init(_ terms: HashTerms, partCount: Int) {
        self.terms = terms
        // A part of many is small, and the only one may be very large.
        let segmentBits = max(4, 10 - partCount.trailingZeroBitCount)
        numbers = NumberTable(segmentBits: segmentBits)
        postings = NumberTable(segmentBits: segmentBits)
    }

    /// The number of hashes.
    var count: Int { numbers.count + twins.count }

    /// The memory it takes, in bytes.
    var byteCount: Int {
        numbers.byteCount + postings.byteCount + documents.byteCount + lists.byteCount
            + names.capacity * 24 + large.capacity * 5 + blockBytes
    }

    /// The bytes of the block of an array with room for `bytes`.
    private static func block(_ bytes: Int) -> Int { bytes == 0 ? 0 : (32 + bytes + 15) & ~15 }

    // MARK: Changing

    /// Notes what `key` holds now: a hash, or (nil) nothing that is indexed.
    ///
    /// Complexity: O(N) with N fields if few of them differ, else O(N log N).
    mutating func update(_ key: Key, _ hash: HashValue?) {
        let known = number(of: key)
        guard let hash else {
            if let known { remove(known, key) }
            return
        }
        let isLarge = !terms.take(hash)
        let number = known ?? insert(key)
        if documents[number].isLarge != isLarge {
            documents[number].isLarge = isLarge
            if isLarge { large.insert(number) } else { large.remove(number) }
        }
        hasNewField = false
        replaceTerms(of: number)
        if hasNewField { noteNames(hash) }
    }

    private func check(_ key: Key) -> UInt32 {
        UInt32(truncatingIfNeeded: checker(key.bytes).bits)
    }

    private func number(of key: Key) -> UInt32? {
        guard let value = numbers[key.hash.bits] else {
            return twins.isEmpty ? nil : twins[key.bytes.array]
        }
        // The key itself is elsewhere in memory, which takes longer to reach.
        if documents[value.number].check == check(key) { return value.number }
        return twins[key.bytes.array]
    }

    private mutating func insert(_ key: Key) -> UInt32 {
        let number = documents.insert(
            Document(
                hash: key.hash.bits,
                check: check(key),
                isUsed: true,
                key: key.bytes.array
            )
        )
        precondition(number <= DocumentList.numberMax, "a list has room for the number")
        blockBytes += IndexedHashes.block(key.bytes.count)
        if numbers[key.hash.bits] == nil {
            numbers[key.hash.bits] = NumberTable.Value(number: number)
        } else {
            twins[key.bytes.array] = number
        }
        return number
    }

    private mutating func remove(_ number: UInt32, _ key: Key) {
        let cells = documents[number].cells
        for cell in cells { remove(number, from: cell.term, at: cell.place) }
        blockBytes -= IndexedHashes.block(key.bytes.count) + IndexedHashes.cellBlock(cells)
        documents.remove(number)
        large.remove(number)
        if numbers[key.hash.bits]?.number == number {
            numbers[key.hash.bits] = nil
        } else {
            twins[key.bytes.array] = nil
        }
    }

    /// Replaces the terms of a document by `terms`.
    private mutating func replaceTerms(of number: UInt32) {
        var cells: [Cell] = []
        swap(&cells, &documents[number].cells)
        let new = terms.list
        // A change of one field leaves the others where they are.
        let shared = min(cells.count, new.count)
        var start = 0
        while start < shared, cells[start].term == new[start] { start += 1 }
        var trailing = 0
        while trailing < shared - start,
            cells[cells.count - 1 - trailing].term == new[new.count - 1 - trailing]
        {
            trailing += 1
        }
        let old = start..<cells.count - trailing
        let added = start..<new.count - trailing
        if old.count == 1, added.count == 1 {
            remove(number, from: cells[start].term, at: cells[start].place)
            cells[start] = Cell(term: new[start], place: add(number, to: new[start]))
        } else if !old.isEmpty || !added.isEmpty {
            let fresh = change(number, from: cells[old], to: new[added])
            blockBytes -= IndexedHashes.cellBlock(cells)
            cells.replaceSubrange(old, with: fresh)
            blockBytes += IndexedHashes.cellBlock(cells)
        }
        swap(&cells, &documents[number].cells)
    }

    private static func cellBlock(_ cells: [Cell]) -> Int {
        block(cells.capacity * MemoryLayout<Cell>.stride)
    }

    /// Moves a document from some terms to others; returns the cells of those.
    private mutating func change(
        _ number: UInt32,
        from cells: ArraySlice<Cell>,
        to terms: ArraySlice<UInt64>
    ) -> [Cell] {
        let old = cells.sorted { $0.term < $1.term }
        var fresh = terms.map { Cell(term: $0, place: 0) }
        let order = fresh.indices.sorted { fresh[$0].term < fresh[$1].term }
        var (left, right) = (0, 0)
        while left < old.count || right < order.count {
            let gone = left < old.count ? old[left] : nil
            let come = right < order.count ? order[right] : nil
            if let gone, come.map({ gone.term < fresh[$0].term }) ?? true {
                remove(number, from: gone.term, at: gone.place)
                left += 1
            } else if let come {
                if let gone, gone.term == fresh[come].term {
                    fresh[come].place = gone.place
                    left += 1
                } else {
                    fresh[come].place = add(number, to: fresh[come].term)
                }
                right += 1
            }
        }
        return fresh
    }

    /// Returns the document's place in the list.
    private mutating func add(_ number: UInt32, to term: UInt64) -> UInt32 {
        guard let value = postings[term] else {
            postings[term] = NumberTable.Value(number: number)
            if HashTerms.isField(term) { hasNewField = true }
            return 0
        }
        guard value.flag else {
            var list = DocumentList()
            _ = list.add(value.number)
            let place = list.add(number)
            let listNumber = lists.insert(list)
            blockBytes += listBlock(listNumber)
            postings[term] = NumberTable.Value(number: listNumber, flag: true)
            return place
        }
        let before = listBlock(value.number)
        let place = lists[value.number].add(number)
        blockBytes += listBlock(value.number) - before
        return place
    }

    private mutating func remove(_ number: UInt32, from term: UInt64, at place: UInt32) {
        guard let value = postings[term] else { return }
        guard value.flag else { return forget(term) }
        lists[value.number].remove(number, at: place)
        guard lists[value.number].count == 0 else { return }
        blockBytes -= listBlock(value.number)
        lists.remove(value.number)
        forget(term)
    }

    private mutating func forget(_ term: UInt64) {
        postings[term] = nil
        guard HashTerms.isField(term), let name = names.removeValue(forKey: term) else { return }
        blockBytes -= IndexedHashes.block(name.count)
    }

    private func listBlock(_ list: UInt32) -> Int {
        IndexedHashes.block(lists[list].capacity * 4)
    }

    private mutating func noteNames(_ hash: HashValue) {
        var added: [(UInt64, [UInt8])] = []
        terms.forEachField(of: hash) { term, name in
            if names[term] == nil { added.append((term, name.array)) }
        }
        for (term, name) in added {
            names[term] = name
            blockBytes += IndexedHashes.block(name.count)
        }
    }

    // MARK: Finding

    /// How many hashes are looked for at once, as each is elsewhere in memory.
    private static let aheadCount = 16

    /// Calls `body` with the keys of hashes that may match, until it returns false.
    ///
    /// Before, calls `prefetch` twice with the hash of each key: for the bucket, and for the entry.
    func find(
        _ query: borrowing HashQuery,
        prefetch: (KeyHash, _ isEntry: Bool) -> Void,
        _ body: (Key) -> Bool
    ) {
        guard !query.terms.isEmpty else {
            // Nothing that is asked for is indexed: any hash may match.
            return documents.forEach { !$0.isUsed || IndexedHashes.call($0, body) }
        }
        var goesOn = true
        var seen: Set<UInt32> = []
        var ahead: [UInt32] = []
        ahead.reserveCapacity(IndexedHashes.aheadCount)
        for term in query.rule == .every ? [rarest(query.terms)] : query.terms {
            forEach(term) { number in
                if query.rule == .some, !seen.insert(number).inserted { return true }
                ahead.append(number)
                guard ahead.count == IndexedHashes.aheadCount else { return true }
                goesOn = visit(ahead, prefetch: prefetch, body)
                ahead.removeAll(keepingCapacity: true)
                return goesOn
            }
            guard goesOn else { return }
        }
        guard visit(ahead, prefetch: prefetch, body) else { return }
        for number in large where !IndexedHashes.call(documents[number], body) { return }
    }

    private func visit(
        _ numbers: [UInt32],
        prefetch: (KeyHash, _ isEntry: Bool) -> Void,
        _ body: (Key) -> Bool
    ) -> Bool {
        for number in numbers { prefetch(KeyHash(bits: documents[number].hash), false) }
        for number in numbers { prefetch(KeyHash(bits: documents[number].hash), true) }
        return numbers.allSatisfy { IndexedHashes.call(documents[$0], body) }
    }

    private static func call(_ document: Document, _ body: (Key) -> Bool) -> Bool {
        document.key.withBytes { body(Key($0, KeyHash(bits: document.hash))) }
    }

    private func rarest(_ terms: [UInt64]) -> UInt64 {
        terms.min { count($0) < count($1) } ?? 0
    }

    private func forEach(_ term: UInt64, _ body: (UInt32) -> Bool) {
        guard let value = postings[term] else { return }
        guard value.flag else { return _ = body(value.number) }
        lists[value.number].forEach(body)
    }

    /// The number of hashes with `term`, apart from large ones.
    private func count(_ term: UInt64) -> Int {
        postings[term].map { $0.flag ? lists[$0.number].count : 1 } ?? 0
    }

    /// Calls `body` with the name of each field and the number of hashes that have it, apart from
    /// large ones.
    func forEachField(_ body: ([UInt8], Int) -> Void) {
        for (term, name) in names { body(name, count(term)) }
    }

    /// Calls `body` with the keys of large hashes.
    func forEachLarge(_ body: (Bytes) -> Void) {
        for number in large { documents[number].key.withBytes(body) }
    }
}
