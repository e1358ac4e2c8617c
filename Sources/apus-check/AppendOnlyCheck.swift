internal import Persistence
internal import Primitives
internal import System
internal import Wire

/// Checks an append-only file: a manifest with all files that it lists, or a single file.
struct AppendOnlyCheck {
    /// The state in which a file was found or left.
    private enum Finding {
        case sound
        case empty
        case cut
        case cutAt(Int64)
    }

    /// Ends the check; the reason has been printed.
    private struct Abort: Error {}

    let path: String
    let repair: CheckOptions.Repair

    /// Checks the files, and repairs them if requested; returns true if everything is sound.
    func run() -> Bool {
        do throws(SystemError) {
            let file = try MappedFile(path)
            let isManifest = AppendOnlyCheck.isManifest(file.bytes)
            do throws(Abort) {
                if isManifest { try checkAll() } else { try checkOne() }
                return true
            } catch {
                return false
            }
        } catch {
            say("Cannot open file \(path): \(error.reason)")
            return false
        }
    }

    /// Whether the first line that is not a remark looks like that of a manifest.
    private static func isManifest(_ bytes: Bytes) -> Bool {
        var start = 0
        while start < bytes.count, bytes[start] == UInt8(ascii: "#") {
            while start < bytes.count, bytes[start] != UInt8(ascii: "\n") { start += 1 }
            start += 1
        }
        guard start < bytes.count else { return false }
        return bytes[start..<min(start + 4, bytes.count)] == Bytes("file")
    }

    // MARK: One file

    private func checkOne() throws(Abort) {
        say("Start checking Old-Style AOF")
        tell(try check(path, as: path, isLast: true), path, kind: "AOF")
    }

    private func tell(_ finding: Finding, _ name: String, kind: String) {
        switch finding {
        case .sound: say("\(kind) \(name) is valid")
        case .empty: say("\(kind) \(name) is empty")
        case .cut: say("Successfully truncated AOF \(name)")
        case .cutAt(let time): say("Successfully truncated AOF \(name) to timestamp \(time)")
        }
    }

    // MARK: Several files

    private func checkAll() throws(Abort) {
        say("Start checking Multi Part AOF")
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let manifest = try readManifest()
        if let base = manifest.base {
            let isSnapshot = base.name.hasSuffix(".rdb")
            say("Start to check BASE AOF (\(isSnapshot ? "RDB" : "RESP") format).")
            let isLast = manifest.increments.isEmpty
            let finding = try check(folder + base.name, as: base.name, isLast: isLast)
            tell(finding, base.name, kind: "BASE AOF")
        }
        if let last = manifest.increments.last {
            say("Start to check INCR files.")
            for increment in manifest.increments {
                let path = folder + increment.name
                let finding = try check(path, as: increment.name, isLast: increment == last)
                tell(finding, increment.name, kind: "INCR AOF")
            }
        }
        say("All AOF files and manifest are valid")
    }

    private func readManifest() throws(Abort) -> AppendOnlyManifest {
        let file: MappedFile
        do throws(SystemError) { file = try MappedFile(path) } catch {
            throw abort("Cannot open file \(path): \(error.reason)")
        }
        do throws(AppendOnlyManifest.Failure) {
            return try AppendOnlyManifest(file.bytes) { QuotedWords.split($0.array) }
        } catch {
            throw abort("Invalid AOF manifest file format: \(error.text)")
        }
    }

    private func abort(_ reason: String) -> Abort {
        say(reason)
        return Abort()
    }

    // MARK: A file

    private func check(_ path: String, as name: String, isLast: Bool) throws(Abort) -> Finding {
        let file: MappedFile
        do throws(SystemError) { file = try MappedFile(path) } catch {
            throw abort("Cannot open file \(path): \(error.reason), aborting...")
        }
        let bytes = file.bytes
        guard bytes.count > 0 else { return .empty }
        var scan = AppendOnlyScan(bytes, from: try snapshotEnd(bytes, name), name: name)
        var time: Int64?
        if case .cut(let wanted) = repair { time = wanted }
        if scan.run(until: time) == .later, let time {
            return try cut(path, name, to: scan.soundEnd, time: time, isLast: isLast)
        }
        if let time, scan.problem == nil {
            say("Truncate nothing in AOF \(name) to timestamp \(time)")
            return .sound
        }
        if let problem = scan.problem { say(problem) }
        let left = bytes.count - scan.soundEnd
        say(
            "AOF analyzed: filename=\(name), size=\(bytes.count), ok_up_to=\(scan.soundEnd), "
                + "ok_up_to_line=\(scan.line), diff=\(left)"
        )
        guard left > 0 else { return .sound }
        guard repair == .fix else {
            throw abort("AOF \(name) is not valid. Use the --fix option to try fixing it.")
        }
        guard isLast else {
            throw abort("Failed to truncate AOF \(name) because it is not the last file")
        }
        say(
            "This will shrink the AOF \(name) from \(bytes.count) bytes, with \(left) bytes, "
                + "to \(scan.soundEnd) bytes"
        )
        say("Continue? [y/N]: ", terminator: "")
        guard readLine()?.lowercased().hasPrefix("y") ?? false else { throw abort("Aborting...") }
        try truncate(path, name, to: scan.soundEnd)
        return .cut
    }

    /// Checks the snapshot at the start of a file, if any; returns where the commands start.
    private func snapshotEnd(_ bytes: Bytes, _ name: String) throws(Abort) -> Int {
        let head = bytes[0..<min(6, bytes.count)].string
        guard head.hasPrefix("REDIS") || head == "VALKEY" else { return 0 }
        say("[offset 0] Checking RDB file \(name)")
        guard let end = SnapshotCheck.check(bytes, name: name, .facts) else {
            throw abort("RDB preamble of AOF file is not sane, aborting.")
        }
        say("RDB preamble is OK, proceeding with AOF tail...")
        return end
    }

    private func cut(
        _ path: String,
        _ name: String,
        to end: Int,
        time: Int64,
        isLast: Bool
    ) throws(Abort) -> Finding {
        guard isLast else {
            throw abort(
                """
                Failed to truncate AOF \(name) to timestamp \(time) to offset \(end) because it is \
                not the last file.
                If you insist, please delete all files after this file according to the manifest \
                file and delete the corresponding records in manifest file manually. Then re-run \
                redis-check-aof.
                """
            )
        }
        guard end > 0 else {
            throw abort("AOF \(name) has nothing before timestamp \(time), aborting...")
        }
        try truncate(path, name, to: end)
        return .cutAt(time)
    }

    private func truncate(_ path: String, _ name: String, to end: Int) throws(Abort) {
        do throws(SystemError) { try FileEnd.cut(path, at: end) } catch {
            throw abort("Failed to truncate AOF \(name)")
        }
    }
}
