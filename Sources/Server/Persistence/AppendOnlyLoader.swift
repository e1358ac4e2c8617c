internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import System
internal import Wire

/// Loads an append-only file: its base, then the changes since, in the order of the manifest.
struct AppendOnlyLoader: ~Copyable {
    /// Why it could not be loaded, for the log.
    struct Failure: Error {
        let text: String

        /// The server is being shut down.
        static let ended = Failure(text: "Loading the AOF was ended by a shutdown")
    }

    /// What is done about a tail that cannot be used.
    struct Tolerance {
        /// Whether an incomplete request at the end is cut off.
        let loadsTruncated: Bool
        /// How many bytes at the end may be no requests at all, to be cut off.
        let brokenBytesMax: Int
    }

    private let server: Instance
    private let worker: Worker
    private let executor: Executor
    /// Whether clients are served meanwhile.
    private let serves: Bool
    private let place: AppendOnly.Place
    private let tolerance: Tolerance
    private var session = Session(id: 0)
    private var words = ArgumentVector(capacity: 1024)
    /// The requests of a transaction that has not ended, as their first words and their numbers.
    private var queued: [(start: Int, count: Int)]?
    private var failedCount = 0

    /// Creates a loader that runs requests on `worker`'s thread, which is the caller's.
    init(_ server: Instance, on worker: Worker) {
        self.server = server
        self.worker = worker
        serves = server.loading.isOn
        executor = worker.executor
        place = server.options.appendOnlyPlace
        tolerance = Tolerance(
            loadsTruncated: server.options.loadsTruncated,
            brokenBytesMax: server.options.brokenTailBytesMax
        )
    }

    // MARK: The files

    /// Loads all files; returns their list, which is empty if there are none.
    mutating func load() throws(Failure) -> AppendOnlyManifest {
        let begin = Clock.monotonicNanoseconds()
        let manifest = try readManifest()
        let files = manifest.files
        guard !files.isEmpty else { return manifest }
        let sizes = try files.map { (file) throws(Failure) -> Int in
            guard let size = Files.size(place.path(file.name)) else {
                throw Failure(
                    text: "The AOF file \(file.name) doesn't exist, but the manifest lists it"
                )
            }
            return size
        }
        server.loading.expect(bytes: sizes.reduce(0, +))
        for (index, file) in files.enumerated() {
            // Files that were only just begun do not count.
            let isLast = sizes[(index + 1)...].allSatisfy { $0 == 0 }
            try load(file, isBase: index == 0 && manifest.base != nil, isLast: isLast)
        }
        if failedCount > 0 {
            server.log(.warning, "\(failedCount) requests of the AOF failed and were skipped")
        }
        let seconds = Double(Clock.monotonicNanoseconds() - begin) / 1e9
        server.log(.notice, "DB loaded from append only file: \(thousandths(seconds)) seconds")
        return manifest
    }

    /// Reads the manifest; a file of before Redis 7 becomes its base.
    private func readManifest() throws(Failure) -> AppendOnlyManifest {
        var manifest = AppendOnlyManifest()
        if let listed = try AppendOnlyLoader.manifest(at: place) { manifest = listed }
        guard let size = Files.size(place.prefix) else { return manifest }
        // The move into the folder may have been interrupted.
        let isListed =
            manifest.base?.name == place.prefix && manifest.increments.isEmpty
            && Files.size(place.path(place.prefix)) == nil
        guard manifest == AppendOnlyManifest() || isListed else { return manifest }
        return try upgrade(size: size)
    }

    /// The list of the files in `place`; nil if there is none.
    static func manifest(at place: AppendOnly.Place) throws(Failure) -> AppendOnlyManifest? {
        guard Files.size(place.manifestPath) != nil else { return nil }
        let file: MappedFile
        do throws(SystemError) { file = try MappedFile(place.manifestPath) } catch {
            throw Failure(text: "Can't read the AOF manifest \(place.manifestPath): \(error.text)")
        }
        do throws(AppendOnlyManifest.Failure) {
            return try AppendOnlyManifest(file.bytes) { QuotedWords.split($0.array) }
        } catch {
            throw Failure(text: "Fatal error: \(place.manifestPath), \(error.text)")
        }
    }

    /// Moves a file of before Redis 7 into the folder, and lists it.
    private func upgrade(size: Int) throws(Failure) -> AppendOnlyManifest {
        do throws(SystemError) {
            try Files.makeFolder(place.folder)
            var manifest = AppendOnlyManifest()
            manifest.replaceBase(place.prefix, keepingIncrements: 0)
            try AppendOnly.write(manifest, at: place)
            try Files.rename(place.prefix, to: place.path(place.prefix))
            try Files.syncFolder(place.folder)
            try Files.syncFolder(".")
            server.log(
                .notice,
                "Successfully migrated an old-style AOF configuration (\(place.prefix), "
                    + "\(size) bytes) into the new-style configuration."
            )
            return manifest
        } catch {
            throw Failure(text: "Can't migrate the old-style AOF \(place.prefix): \(error.text)")
        }
    }

    // MARK: One file

    private mutating func load(
        _ file: AppendOnlyManifest.Entry,
        isBase: Bool,
        isLast: Bool
    ) throws(Failure) {
        let begin = Clock.monotonicNanoseconds()
        session = Session(id: 0)
        if let valid = try loadContents(file.name, isLast: isLast) {
            server.log(.warning, "!!! Truncating the AOF \(file.name) at offset \(valid) !!!")
            do throws(SystemError) {
                try Files.truncate(place.path(file.name), to: valid)
            } catch {
                throw Failure(text: "Error truncating the AOF file \(file.name): \(error.text)")
            }
            server.log(
                .warning,
                "AOF \(file.name) loaded anyway because aof-load-truncated is enabled"
            )
        }
        let seconds = Double(Clock.monotonicNanoseconds() - begin) / 1e9
        server.log(
            .notice,
            "DB loaded from \(isBase ? "base" : "incr") file \(file.name): "
                + "\(thousandths(seconds)) seconds"
        )
    }

    /// Loads a file; returns the offset at which to cut it off, if its tail cannot be used.
    private mutating func loadContents(
        _ name: String,
        isLast: Bool
    ) throws(Failure) -> Int? {
        let file: MappedFile
        do throws(SystemError) { file = try MappedFile(place.path(name)) } catch {
            throw Failure(text: "Fatal error: can't open the AOF file \(name): \(error.text)")
        }
        let bytes = file.bytes
        let start = try loadSnapshot(bytes, name)
        var reader = AppendOnlyReader(bytes, from: start)
        var valid = start
        var told = start
        queued = nil
        words.truncate(to: 0)
        while true {
            let first = words.count
            switch reader.next({ words.append($0) }) {
            case .end:
                guard queued != nil else { return nil }
                return try cut(name, bytes.count, valid, isBroken: false, isLast: isLast)
            case .torn:
                return try cut(name, bytes.count, valid, isBroken: false, isLast: isLast)
            case .broken:
                return try cut(name, bytes.count, valid, isBroken: true, isLast: isLast)
            case .time, .remark: break
            case .request:
                try run(first, words.count - first, name, at: valid)
            }
            if queued == nil {
                words.truncate(to: 0)
                valid = reader.position
            }
            guard !serves || worker.advanceLoading(to: reader.position, from: &told) else {
                throw .ended
            }
        }
    }

    /// Loads the snapshot at the beginning of a file, if there is one; returns where it ends.
    private func loadSnapshot(_ bytes: Bytes, _ name: String) throws(Failure) -> Int {
        guard bytes.count >= 5 else { return 0 }
        let head = bytes[0..<5].string
        guard head == "REDIS" || head == "VALKE" else { return 0 }
        server.log(.notice, "Reading RDB base file on AOF loading...")
        var loader = server.snapshotLoader
        // Keys that have expired by now may not have when they were changed.
        loader.keepsExpired = true
        loader.worker = serves ? worker : nil
        var counts = SnapshotLoader.Counts()
        do throws(SnapshotLoader.Failure) {
            let end = try loader.load(bytes, &counts)
            server.addIndexes(counts.indexes, worker)
            return end
        } catch .ended {
            throw .ended
        } catch {
            throw Failure(
                text: "Error reading the RDB preamble of the AOF file \(name): \(error.text)"
            )
        }
    }

    /// Where a file with a useless tail is cut off, if that is allowed.
    private func cut(
        _ name: String,
        _ size: Int,
        _ valid: Int,
        isBroken: Bool,
        isLast: Bool
    ) throws(Failure) -> Int {
        let rest = size - valid
        let isAllowed =
            isLast && (!isBroken && tolerance.loadsTruncated || rest <= tolerance.brokenBytesMax)
        guard !isAllowed else {
            server.log(.warning, "!!! Warning: short read while loading the AOF file \(name)!!!")
            return valid
        }
        guard !isBroken else {
            throw Failure(
                text: "Bad file format reading the append only file \(name): make a backup of your "
                    + "AOF file, then use ./redis-check-aof --fix <filename.manifest> "
                    + "(at offset \(valid))"
            )
        }
        guard isLast else {
            throw Failure(
                text: "Fatal error: the truncated file \(name) is not the last file "
                    + "(at offset \(valid))"
            )
        }
        throw Failure(
            text: "Unexpected end of file reading the append only file \(name). You can: 1) Make a "
                + "backup of your AOF file, then use ./redis-check-aof --fix "
                + "<filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' "
                + "configuration option to yes and restart the server. (At offset \(valid).)"
        )
    }

    // MARK: Requests

    /// Runs the request whose words start at `first`, or keeps it for the end of its transaction.
    private mutating func run(
        _ first: Int,
        _ count: Int,
        _ name: String,
        at offset: Int
    ) throws(Failure) {
        let arguments = words.arguments(first, count)
        if arguments[0].isWord("MULTI") {
            queued = []
        } else if arguments[0].isWord("EXEC") {
            for request in queued ?? [] { try run(request.start, request.count, name, offset) }
            queued = nil
        } else if queued != nil {
            queued?.append((first, count))
        } else {
            try run(first, count, name, offset)
        }
    }

    private mutating func run(
        _ first: Int,
        _ count: Int,
        _ name: String,
        _ offset: Int
    ) throws(Failure) {
        let arguments = words.arguments(first, count)
        switch executor.replay(arguments, for: session) {
        case .done: break
        case .failed: failedCount += 1
        case .unknown:
            throw Failure(
                text: "Unknown command '\(arguments[0].string)' reading the append only file "
                    + "\(name) at offset \(offset)"
            )
        }
    }
}
