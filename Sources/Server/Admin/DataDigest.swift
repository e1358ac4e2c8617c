internal import Primitives
internal import Store
internal import Structures

/// A 160-bit digest of a dataset, equal for equal data whatever its encodings.
///
/// It is the same digest as Redis', bit for bit.
///
/// ```text
/// include(x)   digest ⊕ SHA1(x)            for unordered data
/// append(x)    SHA1(digest ⊕ SHA1(x))      for ordered data
///
/// all          each database with keys: append its number, include the digest of each key
/// key          append the key, then its value
/// value        append the type's number, then:
///   string       append it                    list    append each element
///   set          include each member          hash    include each (append field, append value)
///   sorted set   include each (append member, append score)
///   stream       for each entry append its id, fields and values
///   with an expiry include "!!expire!!"
/// ```
/// Numbers are four bytes, big-endian. Source: experiments with Redis 7.0.15. A field's expiry,
/// which that version does not have, adds `!!hexpire!!` to the field's digest.
struct DataDigest: Equatable {
    private var sum = SHA1()

    /// Creates the digest of nothing, all zeros.
    init() {}

    /// Computes the digest of all keys of all databases; the world must be stopped.
    init(_ keyspace: Keyspace) {
        for database in keyspace.usedDatabases {
            var shards: [Shard] = []
            keyspace.forEachShard(of: database) { shards.append($0) }
            guard shards.contains(where: { $0.count > 0 }) else { continue }
            append(number: UInt32(database))
            for shard in shards {
                shard.forEach { slot in
                    var digest = DataDigest()
                    digest.append(slot.entry.key)
                    digest.append(valueAt: slot)
                    include(digest)
                }
            }
        }
    }

    /// Computes the digest of the value at `slot`.
    init(valueAt slot: Shard.Slot) { append(valueAt: slot) }

    /// Forty hexadecimal digits.
    var text: String {
        sum.words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    // MARK: Adding

    private mutating func include(_ bytes: Bytes) { sum = sum ^ SHA1(of: bytes) }

    private mutating func include(_ digest: DataDigest) { sum = sum ^ SHA1(of: digest.sum) }

    private mutating func append(_ bytes: Bytes) { sum = SHA1(of: sum ^ SHA1(of: bytes)) }

    private mutating func append(number: UInt32) {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - $0 * 8)) }
            .withBytes { append($0) }
    }

    private mutating func append(_ content: StringContent) { content.withBytes { append($0) } }

    private mutating func append(valueAt slot: Shard.Slot) {
        append(number: DataDigest.number(slot.entry.kind))
        switch slot.entry.kind {
        case .string: append(StringValue.content(slot.entry))
        case .list:
            ListValue(slot).walk(from: 0, limit: .max) { item in
                item.withText { append($0) }
                return true
            }
        case .set:
            SetContent(slot.entry, in: slot.shard).forEach { member in
                member.withText { include($0) }
                return true
            }
        case .sortedSet: appendScores(SortedSetValue(slot))
        case .hash: appendFields(HashValue(slot))
        case .stream: appendEntries(StreamValue(slot))
        case .member: preconditionFailure("members are not keys")
        }
        if slot.entry.expiry != nil { include(Bytes("!!expire!!")) }
    }

    /// The number that Redis assigns to a type.
    private static func number(_ kind: EntryKind) -> UInt32 {
        switch kind {
        case .string: 0
        case .list: 1
        case .set: 2
        case .sortedSet: 3
        case .hash: 4
        case .stream: 6
        case .member: preconditionFailure("members are not keys")
        }
    }

    private mutating func appendScores(_ set: SortedSetValue) {
        var score = ByteBuffer()
        set.walk(from: 0, limit: .max) { member, value in
            score.truncate(to: 0)
            score.append(allDigitsOf: value)
            var digest = DataDigest()
            digest.append(member)
            digest.append(score.bytes)
            include(digest)
            return true
        }
    }

    private mutating func appendFields(_ hash: HashValue) {
        let isVolatile = hash.earliestExpiry != nil
        hash.forEach(now: .min) { name, value in
            var digest = DataDigest()
            digest.append(name)
            if let value { digest.append(value) } else { digest.include(Bytes("!!null!!")) }
            if isVolatile {
                let field = name.withBytes { hash.find($0, now: .min) }
                if field?.expiry != nil { digest.include(Bytes("!!hexpire!!")) }
            }
            include(digest)
            return true
        }
    }

    private mutating func appendEntries(_ stream: StreamValue) {
        stream.walk(.zero, .max) { entry in
            Array("\(entry.id.milliseconds).\(entry.id.sequence)".utf8)
                .withBytes { append($0) }
            entry.forEachWord { word in
                switch word {
                case .bytes(let bytes): append(bytes)
                case .integer(let number): DecimalText.withText(number) { append($0) }
                }
            }
            return true
        }
    }
}
