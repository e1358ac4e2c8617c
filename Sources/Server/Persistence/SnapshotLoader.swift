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
        /// A library of functions that cannot be loaded.
        case library
        /// The server is being shut down.
        case ended

        /// The error as text.
        var text: String {
            switch self {
            case .system(let error): error.text
            case .format(let failure): "at byte \(failure.offset): \(failure.text)"
            case .duplicate(let offset): "at byte \(offset): the key is there already"
            case .database(let number):
                "database \(number) is beyond what the configuration allows"
            case .library: "a library of functions cannot be loaded"
            case .ended: "the server was shut down meanwhile"
            }
        }
    }

    /// The numbers of keys loaded and left out, and what was found besides.
    struct Counts {
        var loaded = 0
        var expired = 0
        /// The definitions of indexes over hashes, which the caller makes once the keys are there.
        var indexes: [String] = []
    }

    let keyspace: Keyspace
    let limits: CommandLimits
    let clock: AccessClock
    /// Milliseconds since 1970; keys that have expired by then are left out.
    let now: Int64
    /// Whether expired keys are loaded nevertheless, since what follows may still refer to them.
    var keepsExpired = false
    /// Adds a library of functions with this code; returns whether that was possible.
    let addLibrary: ([UInt8]) -> Bool
    /// Whether keys in the file replace existing ones.
    var merges = false
    /// Whether the checksum of a file is compared.
    var checksSums = true
    /// Where to tell of the file; nil for nowhere.
    var log: Log?
    /// The worker that serves clients meanwhile, on whose thread the loader runs; nil for none.
    var worker: Worker?

    /// Loads the file at `path`; returns nil if there is none.
    ///
    /// The world must be stopped, or the server be loading. If it throws, the keys loaded so far
    /// remain.
    func load(_ path: String) throws(Failure) -> Counts? {
        let file: MappedFile
        do throws(SystemError) { file = try MappedFile(path) } catch {
            guard error.number != ENOENT else { return nil }
            throw .system(error)
        }
        worker?.server.loading.expect(bytes: file.bytes.count)
        var counts = Counts()
        _ = try load(file.bytes, &counts)
        return counts
    }

    /// As above, from memory; returns where the snapshot ends.
    func load(_ bytes: Bytes, _ counts: inout Counts) throws(Failure) -> Int {
        var source: RDBFile
        do throws(RDBFailure) {
            source = try RDBFile(bytes, stringBytesMax: limits.stringBytesMax)
        } catch {
            throw .format(error)
        }
        source.checksSum = checksSums
        let before = counts
        let crew = LoadingCrew(self, source)
        do throws(RDBFailure) {
            try scan(&source, crew, &counts)
            crew.finish()
        } catch {
            crew.stop(because: .format(error))
        }
        if let failure = crew.failure { throw failure }
        log?(
            .notice,
            "Done loading RDB, keys loaded: \(counts.loaded - before.loaded), keys expired: "
                + "\(counts.expired - before.expired)."
        )
        return source.reader.position
    }

    /// Passes all keys on to `crew`.
    private func scan(
        _ source: inout RDBFile,
        _ crew: LoadingCrew,
        _ counts: inout Counts
    ) throws(RDBFailure) {
        var told = 0
        while crew.failure == nil, let event = try source.next() {
            switch event {
            case .key(let record):
                let start = source.reader.position
                try source.reader.skipValue(ofType: record.type)
                if record.database >= keyspace.databaseCount {
                    crew.stop(because: .database(record.database))
                } else if let expiry = record.expiry, expiry <= now, !keepsExpired {
                    counts.expired += 1
                } else {
                    counts.loaded += 1
                    crew.add(record, at: start, byteCount: source.reader.position - start)
                }
            case .fact("apus-hash-index", let definition): counts.indexes.append(definition)
            case .fact(let name, let value): tell(name, value)
            case .function(let code):
                if !addLibrary(code) { crew.stop(because: .library) }
            case .sizes(let database, let keys):
                // The shortest key and its value take up three bytes.
                crew.expect(min(keys, source.reader.bytesLeft / 3), inDatabase: database)
            case .database: break
            }
            if let worker, !worker.advanceLoading(to: source.reader.position, from: &told) {
                crew.stop(because: .ended)
            }
        }
    }

    /// Tells in the log, and in INFO, what the file says about its origin.
    private func tell(_ name: String, _ value: String) {
        guard let log else { return }
        switch name {
        case "redis-ver", "valkey-ver": log(.notice, "Loading RDB produced by version \(value)")
        case "ctime":
            let age = max(0, now / 1000 - (Int64(value) ?? now / 1000))
            log(.notice, "RDB age \(age) seconds")
        case "used-mem":
            let bytes = Int(value) ?? 0
            let megabytes = hundredths(Double(bytes) / Double(1 << 20))
            log(.notice, "RDB memory usage when created \(megabytes) Mb")
            worker?.server.loading.noteUse(bytes: bytes)
        case "aof-base" where value == "1": log(.notice, "RDB is base AOF")
        default: break
        }
    }
}
