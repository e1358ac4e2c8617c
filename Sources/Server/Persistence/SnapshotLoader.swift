internal import Commands
internal import Glibc
internal import Persistence
internal import Primitives
internal import Store
internal import Structures
internal import System

/// Loads the keys of an RDB file into the keyspace.
struct SnapshotLoader {
    /// Why a file could not be loaded completely.
    enum Failure: Error {
        case system(SystemError)
        case format(RDBFailure)
        /// A key occurs twice, or exists already.
        case duplicate(offset: Int)
        case database(Int)

        /// The error as text.
        var text: String {
            switch self {
            case .system(let error): error.text
            case .format(let failure): "at byte \(failure.offset): \(failure.text)"
            case .duplicate(let offset): "at byte \(offset): the key is there already"
            case .database(let number):
                "database \(number) is beyond what the configuration allows"
            }
        }
    }

    /// The numbers of keys loaded and left out.
    struct Counts {
        var loaded = 0
        var expired = 0
    }

    let keyspace: Keyspace
    let limits: CommandLimits
    let clock: AccessClock
    /// Milliseconds since 1970; keys that have expired by then are left out.
    let now: Int64
    /// Whether keys in the file replace existing ones.
    var merges = false

    /// Loads the file at `path`; returns nil if there is none.
    ///
    /// The world must be stopped or not running yet. If it throws, the keys loaded so far remain.
    func load(_ path: String) throws(Failure) -> Counts? {
        let file: MappedFile
        do throws(SystemError) { file = try MappedFile(path) } catch {
            guard error.number != ENOENT else { return nil }
            throw .system(error)
        }
        var counts = Counts()
        var failure: Failure?
        do throws(RDBFailure) {
            var source = try RDBFile(file.bytes, stringBytesMax: limits.stringBytesMax)
            while failure == nil, let event = try source.next() {
                guard case .key(let record) = event else { continue }
                failure = try add(record, &source.reader, &counts)
            }
        } catch {
            failure = .format(error)
        }
        if let failure { throw failure }
        return counts
    }

    private func add(
        _ record: RDBFile.Record,
        _ reader: inout RDBReader,
        _ counts: inout Counts
    ) throws(RDBFailure) -> Failure? {
        guard record.database < keyspace.databaseCount else { return .database(record.database) }
        let key = Key(record.key, keyspace.hasher(record.key))
        let shard = keyspace.openShard(key.hash, database: record.database)
        if let old = shard.find(key) {
            guard merges else { return .duplicate(offset: reader.position) }
            shard.remove(old)
        }
        try reader.value(ofType: record.type, as: key, RDBReader.Target(shard, limits.encoding))
        guard let slot = shard.find(key) else { preconditionFailure("just added") }
        if let expiry = record.expiry, expiry <= now {
            shard.remove(slot)
            counts.expired += 1
            return nil
        }
        counts.loaded += 1
        let place = shard.setExpiry(slot, record.expiry)
        if let idle = record.idleSeconds, !clock.countsUses {
            shard.setStamp(place, AccessStamp(idleSeconds: idle, at: clock.second))
        } else if let count = record.frequency, clock.countsUses {
            shard.setStamp(place, clock.stamp(frequency: count))
        }
        return nil
    }
}
