internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// Commands called by scripts.
extension Executor {
    /// Runs a command for the running script; the reply is valid until its next command.
    ///
    /// Its effects are not logged if the script has said so with redis.set_repl.
    func callFromScript(_ words: Arguments, isRESP3: Bool, isLogged: Bool) -> Bytes {
        guard let run = scripts.run else { return Bytes("-ERR no script is running\r\n") }
        context.reply.truncate(to: run.mark)
        context.reply.isRESP3 = isRESP3
        if let number = scriptRow(words) {
            let wants = isLogged ? nil : context.effects.stopLogging()
            performFromScript(number, words, run)
            if let wants { context.effects.resume(wants) }
        }
        guard
            context.reply.references.isEmpty
                || context.reply.references.allSatisfy({ $0.position < run.mark })
        else {
            scripts.flattened.removeAll(keep: 0)
            context.reply.bytes(from: run.mark).withBytes { scripts.flattened.append($0) }
            return scripts.flattened.bytes
        }
        return context.reply.buffer.bytes.dropFirst(run.mark)
    }

    /// The row of a script's command; if there is none, replies with the error and returns nil.
    private func scriptRow(_ words: Arguments) -> Int? {
        guard var number = registry.table.row(words[0]) else {
            refuse("ERR Unknown Redis command called from script")
            return nil
        }
        if registry.row(number).isContainer, words.count > 1 {
            guard let child = registry.table.subcommand(words[1], of: number) else {
                refuse("ERR Unknown Redis command called from script")
                return nil
            }
            number = child
        }
        guard registry.row(number).accepts(wordCount: words.count) else {
            refuse("ERR Wrong number of args calling Redis command from script")
            return nil
        }
        return number
    }

    private func performFromScript(
        _ number: Int,
        _ words: Arguments,
        _ run: WorkerScripts.Run
    ) {
        let caller = scripts.caller
        context.database = caller.database
        context.ignoresUses = caller.traits.contains(.noTouch)
        guard mayRunFromScript(number, words, run) else { return }
        hashFirstKey(of: number, words)
        let plan = innerPlan(number, words)
        guard plan.partitions.subtracting(context.held).isEmpty else {
            assertionFailure("a confined script touches declared keys only")
            return refuse("ERR Script attempted to access keys that were not declared")
        }
        running.begin(number)
        if registry.row(number).flags.contains(.write) { scripts.run?.hasWritten = true }
        if run.session.traits.contains(.tracking) { rememberKeys(number, words, run.session) }
        do throws(CommandError) {
            let outcome = try runHandler(number, words, plan, caller, run.connection)
            // A key is frozen that the script, which runs within a transaction, has not declared.
            if outcome != .done { refuse("ERR A key is being changed by another client") }
            statistics.count(number, cycles: clock.lap())
        } catch {
            statistics.countFailure(number, cycles: clock.lap())
            replyError(error, number)
        }
        statistics.add(.commandsRun)
        if alerts.contains(.monitors) { sendToMonitors(ofScriptCall: number, words) }
    }

    /// Whether a command may run in a script; if not, replies with the error.
    private func mayRunFromScript(
        _ number: Int,
        _ words: Arguments,
        _ run: WorkerScripts.Run
    ) -> Bool {
        let flags = registry.row(number).flags
        if flags.contains(.noScript) {
            refuse("ERR This Redis command is not allowed from script")
            return false
        }
        let caller = scripts.caller
        if let denial = denial(number, words, caller) {
            replyDenial(note(denial, number, words, caller, run.connection, in: .lua), number)
            return false
        }
        if run.isReadOnly, !flags.isDisjoint(with: [.write, .mayReplicate]) {
            refuse("ERR Write commands are not allowed from read-only scripts.")
            return false
        }
        if alerts.contains(.disk), registry.row(number).asks.contains(.disk) {
            replyError(diskRefusal(), number)
            return false
        }
        if !run.mayExceedMemory, flags.contains(.denyOOM), scripts.run?.hasWritten == false {
            replyError(.outOfMemory, number)
            return false
        }
        return true
    }

    private func replyDenial(_ error: CommandError, _ number: Int) {
        var line = ErrorLine(command: registry.table.facts[number].name)
        error.write(to: &line)
        let code = Bytes("NOPERM ")
        let isCoded = line.text.count > code.count && line.text[0..<code.count] == code
        var text = ByteBuffer()
        text.append("ERR ACL failure in script: ")
        text.append(line.text.dropFirst(isCoded ? code.count : 0))
        context.reply.error(text.bytes)
    }

    /// Whether the user of the running script may run a command; nil if there is no such command.
    func scriptMayRun(_ words: Arguments) -> Bool? {
        guard var number = registry.table.row(words[0]) else { return nil }
        if registry.row(number).isContainer, words.count > 1 {
            guard let child = registry.table.subcommand(words[1], of: number) else { return nil }
            number = child
        }
        guard registry.row(number).accepts(wordCount: words.count) else { return nil }
        return denial(number, words, scripts.caller) == nil
    }

    /// Writes a message from a script to the log.
    func logFromScript(level: Int, _ line: Bytes) {
        let levels: [LogLevel] = [.debug, .verbose, .notice, .warning]
        server.log(levels[max(0, min(level, 3))], line.string)
    }
}
