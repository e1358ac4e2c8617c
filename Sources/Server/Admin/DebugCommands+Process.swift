internal import CSupport
internal import Commands
internal import Glibc
internal import Primitives
internal import Structures
internal import System
internal import Wire

/// DEBUG subcommands that affect the process: pausing, restarting, crashing.
extension DebugCommands {
    /// `DEBUG SLEEP seconds`: OK, after the whole server has paused.
    static func sleep(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let seconds = FloatText.number(arguments[2]) ?? 0
        if seconds > 0 {
            let microseconds = UInt32(min(seconds, 4000) * 1_000_000)
            call.server.exclusively(call.worker) { _ = usleep(microseconds) }
        }
        call.reply.ok()
    }

    /// `DEBUG LOG message`: OK.
    static func log(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.server.log(.warning, "DEBUG LOG: \(arguments[2].string)")
        call.reply.ok()
    }

    /// `DEBUG CHANGE-REPL-ID`: OK.
    static func renameHistory(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.server.log(.notice, "Changing replication IDs after receiving change-repl-id")
        call.server.exclusively(call.worker) { call.server.renameHistory() }
        call.reply.ok()
    }

    /// `DEBUG SET-ACTIVE-EXPIRE 0|1`: OK.
    static func setActiveExpiry(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isOn = isOn(arguments[2])
        call.server.exclusively(call.worker) { call.server.expireActively(isOn) }
        call.reply.ok()
    }

    /// `DEBUG PAUSE-CRON 0|1`: OK; 1 stops all periodic work of the workers.
    static func pausePeriodicWork(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        let isPaused = isOn(arguments[2])
        call.server.exclusively(call.worker) { call.server.pausePeriodicWork(isPaused) }
        call.reply.ok()
    }

    /// `DEBUG CLIENT-EVICTION`: the clients that may be closed to free memory, by size.
    static func showClientEviction(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        guard call.server.options.clientBytesMax > 0 else { throw .debug(.clientMemory) }
        let text = call.server.exclusively(call.worker) { ClientSizes(call.server).text }
        Array(text.utf8).withBytes { call.reply.verbatim("txt", $0) }
    }

    /// `DEBUG STRINGMATCH-TEST`: a status, if the process survives.
    static func testPatterns(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let letters = Array("ab*?[]^-\\".utf8)
        func word(_ limit: Int) -> [UInt8] {
            (0..<call.worker.executor.context.random.below(limit + 1)).map { _ in
                letters[call.worker.executor.context.random.below(letters.count)]
            }
        }
        for _ in 0..<100_000 {
            let (pattern, text) = (word(16), word(12))
            pattern.withBytes { pattern in
                text.withBytes { _ = GlobPattern(pattern).matches($0) }
            }
        }
        call.reply.simple("Apparently Redis did not crash: test passed")
    }

    // MARK: Restarting

    /// `DEBUG RESTART [milliseconds]`: no reply; updates the configuration file, then restarts the
    /// program.
    static func restart(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        let delay = try delay(arguments)
        if server.configuration.path != nil {
            do throws(ConfigurationError) { try server.configuration.rewrite() } catch {
                server.log(.warning, "Can't restart: failed to rewrite config file")
                throw restartFailure
            }
        }
        restart(after: delay, call)
        throw restartFailure
    }

    /// `DEBUG CRASH-AND-RECOVER [milliseconds]`: no reply; restarts the program without saving
    /// anything.
    static func crashAndRecover(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        restart(after: try delay(arguments), call)
        throw restartFailure
    }

    private static var restartFailure: CommandError {
        .debug(.restart)
    }

    private static func delay(_ arguments: Arguments) throws(CommandError) -> UInt32 {
        guard arguments.count > 2 else { return 0 }
        return UInt32(clamping: max(0, try arguments.integer(2)))
    }

    /// Restarts the program; returns only on failure.
    private static func restart(after milliseconds: UInt32, _ call: AdminCall) {
        let server = call.server
        server.log(.warning, "Restarting because of a DEBUG command")
        server.exclusively(call.worker) {
            for _ in 0..<milliseconds { usleep(1000) }
            OwnProcess.restart()
            server.log(.warning, "Cannot restart: \(SystemError("execv").text)")
        }
    }

    // MARK: Crashing

    /// `DEBUG SEGFAULT`: no reply.
    static func faultSegment(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        announceCrash("SEGFAULT", call)
        CrashReport.crash()
    }

    /// `DEBUG PANIC`: no reply.
    static func panic(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        announceCrash("PANIC", call)
        fatalError("called by DEBUG PANIC")
    }

    /// `DEBUG ASSERT`: no reply.
    static func failAssertion(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        announceCrash("ASSERT", call)
        preconditionFailure("called by DEBUG ASSERT")
    }

    /// `DEBUG OOM`: no reply; exits as if the system had run out of memory.
    static func runOutOfMemory(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        announceCrash("OOM", call)
        apus_out_of_memory(Int.max)
    }

    private static func announceCrash(_ name: String, _ call: AdminCall) {
        call.server.log(.warning, "Crashing on purpose: DEBUG \(name)")
    }
}
