internal import Commands
internal import Primitives
internal import Store
internal import Synchronization
internal import System
internal import Wire

/// DEBUG RELOAD: saves the keys to a file and loads them again.
extension DebugCommands {
    /// `DEBUG RELOAD [NOSAVE] [NOFLUSH] [MERGE]`: OK.
    static func reload(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        var saves = true
        var flushes = true
        var merges = false
        for index in 2..<arguments.count {
            if arguments[index].isWord("NOSAVE") {
                saves = false
            } else if arguments[index].isWord("NOFLUSH") {
                flushes = false
            } else if arguments[index].isWord("MERGE") {
                merges = true
            } else {
                throw .debug(.reloadOption)
            }
        }
        let server = call.server
        guard !server.loading.isOn else { throw .server(.loading) }
        _ = server.saver.cancel()
        try server.exclusively(call.worker) { () throws(CommandError) in
            let isSaved = !saves || (try? server.saver.save(server)) != nil
            guard isSaved else { throw .server(.notSaved) }
            if flushes { removeAllKeys(server) }
            var loader = server.snapshotLoader
            loader.merges = merges
            var definitions: [String] = []
            // What was loaded remains, even if the rest cannot be.
            defer { server.addIndexes(definitions, call.worker) }
            do throws(SnapshotLoader.Failure) {
                definitions = try loader.load(server.options.snapshotPath)?.indexes ?? []
            } catch {
                server.log(error, path: server.options.snapshotPath)
                server.log(.warning, "Error trying to load the RDB dump, check server logs.")
                throw .debug(.reloadFailed)
            }
        }
        server.log(.warning, "DB reloaded by DEBUG RELOAD")
        call.reply.ok()
    }

    private static func removeAllKeys(_ server: Instance) {
        for partition in 0..<server.keyspace.partitionCount {
            let taken = server.keyspace.takeShards(partition: partition, database: nil)
            server.reaper.take(taken.map(\.1).filter { $0.detach() })
        }
    }

    /// `DEBUG SET-SKIP-CHECKSUM-VALIDATION 0|1`: OK; with 1, checksums of files are not compared.
    static func skipChecksums(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let skips = isOn(arguments[2])
        let server = call.server
        server.saver.checksSums.store(!skips, ordering: .relaxed)
        server.exclusively(call.worker) {
            for worker in server.workers { worker.executor.context.checksPayloads = !skips }
        }
        call.reply.ok()
    }

    /// `DEBUG AOF-FLUSH-SLEEP microseconds`: OK; every write of the append-only file waits as long.
    static func delayAppending(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let range: ClosedRange<Int64> = 0...Int64(Int32.max)
        let microseconds = try arguments.integer(2, in: range, or: .notPositive)
        call.server.appendOnly.writer.withLock { $0.pauseMicroseconds = Int(microseconds) }
        call.reply.ok()
    }

    /// `DEBUG LOADAOF`: OK.
    static func loadAppendOnly(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        let appendOnly = server.appendOnly
        _ = server.saver.cancel()
        let isLoaded = server.exclusively(call.worker) {
            appendOnly.finish()
            let wasOn = appendOnly.changes.isOn
            // What is being loaded must not be appended again.
            if wasOn { appendOnly.record(false, server) }
            removeAllKeys(server)
            server.removeIndexes(call.worker)
            defer { if wasOn { appendOnly.record(true, server) } }
            return appendOnly.load(server, on: call.worker)
        }
        guard isLoaded else { throw .server(.cannotLoadAppendOnly) }
        server.saver.noteUnchanged(server.changes)
        server.log(.warning, "Append Only File loaded by DEBUG LOADAOF")
        call.reply.ok()
    }
}
