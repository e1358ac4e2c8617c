internal import Persistence
internal import Primitives
internal import Store
internal import Structures
internal import System

/// Reads a snapshot from start to end, as loading does, and prints what is in it.
struct SnapshotCheck {
    /// The progress of the check, for the report of an error.
    private struct Stage {
        var doing = "start"
        var key: String?
        var type: UInt8?
    }

    private let report: CheckOptions.Report
    private let now: Int64
    private var stage = Stage()
    private(set) var statistics = SnapshotStatistics()
    private var progress: ProgressLine

    /// Strings may be as long as any server allows.
    private static let stringBytesMax = 4 << 30

    /// Checks the file at `path`; true if it is sound.
    static func run(_ path: String, _ report: CheckOptions.Report) -> Bool {
        if report != .json { say("[offset 0] Checking RDB file \(path)") }
        do throws(SystemError) {
            let file = try MappedFile(path)
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return check(file.bytes, name: name, report) != nil
        } catch {
            if report == .json { complain("\(path): \(error.reason)") }
            return false
        }
    }

    /// Checks the snapshot at the start of `bytes`; returns its end, or nil if it is invalid.
    static func check(_ bytes: Bytes, name: String, _ report: CheckOptions.Report) -> Int? {
        var check = SnapshotCheck(report: report, byteCount: bytes.count)
        do throws(RDBFailure) {
            let end = try check.read(bytes)
            check.progress.clear()
            check.showEnd(name: name, byteCount: end)
            return end
        } catch {
            check.progress.clear()
            check.show(error)
            return nil
        }
    }

    private init(report: CheckOptions.Report, byteCount: Int) {
        self.report = report
        now = Clock.unixMilliseconds()
        progress = ProgressLine(total: byteCount)
    }

    // MARK: Reading

    private mutating func read(_ bytes: Bytes) throws(RDBFailure) -> Int {
        var file = try RDBFile(bytes, stringBytesMax: SnapshotCheck.stringBytesMax)
        file.tellsDatabases = true
        let scratch = Keyspace(
            databases: 1,
            workers: 1,
            plan: KeyspacePlan(workers: 1, machineBytes: 0)
        )
        statistics.version = file.version
        while true {
            stage = Stage(doing: "read-type")
            guard let event = try file.next() else { break }
            let offset = file.reader.position
            switch event {
            case .fact(let name, let value): tell("AUX FIELD \(name) = '\(value)'", offset)
            case .database(let number): tell("Selecting DB ID \(number)", offset)
            case .sizes: break
            case .function: statistics.libraries += 1
            case .key(let record): try read(record, &file.reader, scratch)
            }
            progress.advance(to: file.reader.position)
        }
        let end = file.reader.position
        if file.version >= 5 {
            let isChecked = (end - 8..<end).contains { bytes[$0] != 0 }
            tell(
                isChecked
                    ? "Checksum OK"
                    : "RDB file was saved with checksum disabled: no check performed.",
                end
            )
        }
        tell("\\o/ RDB looks OK! \\o/", end)
        return end
    }

    private mutating func read(
        _ record: RDBFile.Record,
        _ reader: inout RDBReader,
        _ scratch: Keyspace
    ) throws(RDBFailure) {
        stage = Stage(doing: "read-object-value", key: record.key.string, type: record.type)
        let start = reader.position
        let key = Key(record.key, scratch.hasher(record.key))
        let shard = scratch.openShard(key.hash, database: 0)
        try reader.value(
            ofType: record.type,
            as: key,
            RDBReader.Target(shard, EncodingLimits(), now: 0)
        )
        guard let slot = shard.find(key) else { preconditionFailure("just added") }
        statistics.add(
            SnapshotStatistics.KeyFacts(
                database: record.database,
                name: record.key.string,
                type: KeyFacts.typeName(slot),
                elements: KeyFacts.elementCount(slot),
                bytes: reader.position - start,
                expiry: record.expiry
            ),
            now: now
        )
        shard.remove(slot)
        var budget = Int.max
        while shard.freeSome(budget: &budget) {}
    }

    // MARK: Output

    private mutating func tell(_ text: String, _ offset: Int) {
        guard report != .json else { return }
        progress.clear()
        say("[offset \(offset)] \(text)")
    }

    private func showEnd(name: String, byteCount: Int) {
        guard report != .json else {
            return say(statistics.json(name: name, byteCount: byteCount))
        }
        showCounts()
        if report == .statistics { say(statistics.text) }
    }

    private func showCounts() {
        say("[info] \(statistics.keys) keys read")
        say("[info] \(statistics.volatileKeys) expires")
        say("[info] \(statistics.expiredKeys) already expired")
    }

    private func show(_ failure: RDBFailure) {
        guard report != .json else {
            return SnapshotCheck.complain("at byte \(failure.offset): \(failure.text)")
        }
        say("--- RDB ERROR DETECTED ---")
        say("[offset \(failure.offset)] \(failure.text)")
        say("[additional info] While doing: \(stage.doing)")
        if let key = stage.key { say("[additional info] Reading key '\(key)'") }
        if let type = stage.type {
            say("[additional info] Reading type \(type) (\(RDBType.name(of: type)))")
        }
        showCounts()
    }

    private static func complain(_ text: String) {
        OwnProcess.writeError(text + "\n")
    }
}

/// Facts about the value of a key.
private enum KeyFacts {
    static func typeName(_ slot: Shard.Slot) -> String {
        switch slot.entry.kind {
        case .string, .member: "string"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        case .hash: "hash"
        case .stream: "stream"
        }
    }

    static func elementCount(_ slot: Shard.Slot) -> Int {
        switch slot.entry.kind {
        case .string, .member: 1
        case .list: ListValue(slot).count
        case .set: SetContent(slot.entry, in: slot.shard).count
        case .sortedSet: SortedSetValue(slot).count
        case .hash: HashValue(slot).count
        case .stream: StreamValue(slot).count
        }
    }
}
