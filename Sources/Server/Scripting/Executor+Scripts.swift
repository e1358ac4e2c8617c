internal import Commands
internal import Primitives
internal import Scripting
internal import Store
internal import Synchronization
internal import System
internal import Wire

/// Scripts: which locks they need, and how they run under these locks as one command.
///
/// ```text
/// EVAL ─▶ prepare: look up or compile ─▶ plan: the declared keys' partitions if the script is
///   confined to them, otherwise all ─▶ locks ─▶ run ─▶ redis.call … ─▶ reply
///                                                └ a group of effects, as in EXEC
/// ```
extension Executor {
    // MARK: Preparing

    /// The partitions that the script of a request needs; all partitions if unknown.
    func scriptPartitions(_ number: Int, _ arguments: Arguments) -> PartitionSet {
        let keys = registry.table.facts[number].keys
        if registry.row(number).flags.contains(.callsFunction) {
            let found = server.functions.find(arguments[1].array)
            let isConfined = found?.library.isConfined == true
            return isConfined ? partitions(keys, arguments) : context.keyspace.allPartitions
        }
        let prepared = prepareScript(number, arguments)
        scripts.prepared = prepared
        guard case .ready(let compiled) = prepared, compiled.script.isConfined else {
            return context.keyspace.allPartitions
        }
        return partitions(keys, arguments)
    }

    /// Whether a script provably uses only the keys that its caller declares.
    ///
    /// With one worker, that would make no difference.
    func isConfined(_ text: Bytes, isLibrary: Bool = false) -> Bool {
        server.workerCount > 1
            && KeyProof.holds(for: text.array, isLibrary: isLibrary) {
                ScriptCalls.areConfined($0, registry)
            }
    }

    /// Looks up the script of a request, and compiles it unless this worker has done so already.
    private func prepareScript(_ number: Int, _ arguments: Arguments) -> WorkerScripts.Prepared {
        if registry.table.facts[number].flags.contains(.namesScript) {
            guard let digest = ScriptDigest(hexadecimal: arguments[1]) else { return .unknown }
            if let compiled = scripts.find(digest) { return .ready(compiled) }
            guard let script = server.scripts.find(digest) else { return .unknown }
            return compile(script)
        }
        let digest = ScriptDigest(of: arguments[1])
        if let compiled = scripts.find(digest) {
            compiled.script.evaluatedAt.store(context.now, ordering: .relaxed)
            return .ready(compiled)
        }
        guard let script = addScript(arguments[1], digest, isLoaded: false) else { return .broken }
        return .ready(script)
    }

    /// Compiles a script and makes it callable by its digest.
    ///
    /// If it is invalid, returns nil, with the error in `scripts.message`.
    func addScript(
        _ text: Bytes,
        _ digest: ScriptDigest,
        isLoaded: Bool
    ) -> WorkerScripts.Compiled? {
        let header: ScriptHeader
        do throws(ScriptHeader.Failure) { header = try ScriptHeader(text) } catch {
            scripts.message.removeAll(keep: 1024)
            error.write(to: &scripts.message)
            return nil
        }
        let words = text.array
        let script = Script(
            words,
            digest,
            header,
            isConfined: isConfined(text),
            isLoaded: isLoaded
        )
        script.evaluatedAt.store(context.now, ordering: .relaxed)
        guard case .ready(let compiled) = compile(script) else { return nil }
        let known = server.scripts.insert(script)
        guard known !== script else { return compiled }
        let shared = WorkerScripts.Compiled(script: known, function: compiled.function)
        scripts.keep(shared)
        return shared
    }

    private func compile(_ script: Script) -> WorkerScripts.Prepared {
        do throws(ScriptState.Failure) {
            let function = try script.text.withBytes { (text) throws(ScriptState.Failure) in
                // The header line is then left empty, so that lines keep their numbers.
                try scriptState().compile(
                    text.dropFirst(script.header.byteCount),
                    name: "@user_script"
                )
            }
            let compiled = WorkerScripts.Compiled(script: script, function: function)
            scripts.keep(compiled)
            return .ready(compiled)
        } catch {
            scripts.message.removeAll(keep: 1024)
            scripts.message.append("ERR Error compiling script (new function): ")
            scripts.message.append(error.message)
            return .broken
        }
    }

    /// The worker's Lua state, created when the first script arrives.
    private func scriptState() -> ScriptState {
        if let state = scripts.state { return state }
        let state = makeState()
        scripts.state = state
        return state
    }

    /// Creates a Lua state whose scripts call this executor.
    func makeState() -> ScriptState {
        let host = ScriptHost(
            call: { [unowned self] in callFromScript($0, isRESP3: $1, isLogged: $2) },
            mayRun: { [unowned self] in scriptMayRun($0) },
            log: { [unowned self] in logFromScript(level: $0, $1) },
            mustEnd: { [unowned self] in lookAfterScript() },
            register: { [unowned self] in register($0) }
        )
        let bytesMax = server.options.scripts.bytesMax
        guard let state = ScriptState(version: Version.redis, bytesMax: bytesMax, host: host)
        else { preconditionFailure("there is not enough memory for Lua") }
        return state
    }

    // MARK: Running

    /// Runs the script of a request, which `plan` has prepared.
    func runScript(
        _ arguments: Arguments,
        _ session: Session,
        _ connection: Connection?
    ) throws(CommandError) -> Outcome {
        let number = running.row
        let namesScript = registry.table.facts[number].flags.contains(.namesScript)
        // Texts that cannot be digests are rejected before a wrong number of keys.
        if namesScript, arguments[1].count != ScriptDigest.digitCount { throw .script(.unknown) }
        let keyCount = try arguments.scriptKeyCount()
        let prepared = scripts.prepared ?? prepareScript(number, arguments)
        scripts.prepared = nil
        switch prepared {
        case .unknown: throw .script(.unknown)
        case .broken: throw .script(.message(scripts.message.bytes))
        case .ready(let compiled):
            guard !mustWaitForKeys(number, arguments, isConfined: compiled.script.isConfined) else {
                return .waits(.keys)
            }
            let script = compiled.script
            let target = WorkerScripts.Target(
                state: scriptState(),
                function: compiled.function,
                name: script.name,
                flags: script.header.isThere ? script.header.flags : nil,
                isFunction: false
            )
            try run(target, arguments, keyCount, session, connection)
            return .done
        }
    }

    /// Runs a script or a function, whose locks are held.
    func run(
        _ target: WorkerScripts.Target,
        _ arguments: Arguments,
        _ keyCount: Int,
        _ session: Session,
        _ connection: Connection?
    ) throws(CommandError) {
        var run = WorkerScripts.Run(
            connection: connection,
            session: session,
            name: target.name,
            isFunction: target.isFunction,
            arguments: arguments,
            mark: context.reply.buffer.count
        )
        try restrict(&run, by: target.flags)
        try self.run(target, keyCount, run)
    }

    /// Whether keys that a script may use are frozen, or others are being served from them.
    func mustWaitForKeys(_ number: Int, _ arguments: Arguments, isConfined: Bool) -> Bool {
        guard context.mayWait else { return false }
        let marks = context.keyspace.marks(of: context.held)
        let hasFrozen = marks.hasFrozen
        let hasPutOff = marks.contains(.waited) && server.waiters.havePutOff(in: context.held)
        guard hasFrozen || hasPutOff else { return false }
        return !isConfined || hasFrozen && mustWait(number, arguments)
            || hasPutOff && mustLetOthersGoFirst(number, arguments, context.held)
    }

    /// Determines what a script may do; throws if it may not run.
    private func restrict(
        _ run: inout WorkerScripts.Run,
        by flags: ScriptHeader.Flags?
    ) throws(CommandError) {
        let mustOnlyRead = registry.row(running.row).flags.contains(.readonly)
        let isShort = alerts.contains(.dataSize) && server.room(for: self) < 0
        if let flags, !flags.contains(.noWrites) {
            guard !mustOnlyRead else { throw .script(.writesInReadOnly) }
            guard !isShort || flags.contains(.allowOOM) else { throw .outOfMemory }
            guard !alerts.contains(.disk) else { throw diskRefusal() }
        }
        run.isReadOnly = mustOnlyRead || flags?.contains(.noWrites) == true
        run.mayExceedMemory = !isShort || flags?.contains(.allowOOM) == true
    }

    private func run(
        _ target: WorkerScripts.Target,
        _ keyCount: Int,
        _ run: WorkerScripts.Run
    ) throws(CommandError) {
        let outer = Suspended(context)
        let (row, begin, mayWait) = (running.row, clock.lapBegin, context.mayWait)
        scripts.run = run
        becomeCaller(for: run.session)
        context.beginGroup()
        context.mayWait = false
        defer {
            context.mayWait = mayWait
            // A script that has written is stopped only when the server exits.
            if server.isStopping, scripts.isShown {
                context.dropGroup()
            } else {
                context.endGroup()
            }
            scripts.run = nil
            endSlowScript()
            outer.resume(&context)
            running.begin(row)
            // The time of the script includes that of its commands.
            clock.resumeLap(from: begin)
            scripts.noteSize()
            if readyKeys.hasSome { serveReady(context.held) }
        }
        if alerts.contains(.monitors), let connection = run.connection {
            sendToMonitors(ofScript: row, run.arguments, connection)
        }
        do throws(ScriptState.Failure) {
            let reply = try target.state.run(
                target.function,
                run.arguments,
                from: 3,
                keyCount: keyCount,
                isPassed: target.isFunction,
                isRESP3: run.session.isRESP3
            )
            context.reply.truncate(to: run.mark)
            context.reply.raw(reply)
        } catch {
            context.reply.truncate(to: run.mark)
            throw .script(.message(describe(error, target.name)))
        }
    }

    /// Makes commands of a script run as those of `session`, with a selected database of their own.
    private func becomeCaller(for session: Session) {
        let caller = scripts.caller
        if let user = session.user, caller.user !== user {
            caller.become(user, isAuthenticated: true)
        }
        caller.traits = session.traits.intersection([.restricted, .noTouch])
        caller.database = session.database
    }

    /// The error of a failed script, in the worker's buffer.
    private func describe(_ failure: ScriptState.Failure, _ name: [UInt8]) -> Bytes {
        scripts.message.removeAll(keep: 1024)
        scripts.message.append(failure.message)
        if !failure.source.isEmpty {
            scripts.message.append(" script: ")
            name.withBytes { scripts.message.append($0) }
            scripts.message.append(", on ")
            scripts.message.append(failure.source)
            scripts.message.append(":")
            scripts.message.append(decimal: Int64(failure.line))
            scripts.message.append(".")
        }
        return scripts.message.bytes
    }
}

extension Arguments {
    /// The number of keys of a script, which is word 2.
    func scriptKeyCount(
        orElse failure: CommandError = .notInteger
    ) throws(CommandError) -> Int {
        guard let number = DecimalText.integer(self[2]) else { throw failure }
        guard number <= Int64(count - 3) else { throw .script(.tooManyKeys) }
        guard number >= 0 else { throw .script(.negativeKeys) }
        return Int(number)
    }
}

extension ScriptHeader.Failure {
    /// Writes the text of the error.
    func write(to text: inout ByteBuffer) {
        switch self {
        case .endless: text.append("ERR Invalid script shebang")
        case .engine(let word):
            text.append("ERR Unexpected engine in script shebang: ")
            word.withBytes { text.append($0) }
        case .flag(let word):
            text.append("ERR Unexpected flag in script shebang: ")
            word.withBytes { text.append($0) }
        case .option(let word):
            text.append("ERR Unknown lua shebang option: ")
            word.withBytes { text.append($0) }
        case .repeated:
            text.append("ERR Invalid metadata value, name argument was given multiple times")
        }
    }
}
