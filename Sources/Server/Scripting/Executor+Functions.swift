internal import Commands
internal import Primitives
internal import Scripting
internal import Store
internal import System
internal import Wire

/// Functions: loading libraries, and calling the functions that they register.
extension Executor {
    /// The maximum time for a library to register its functions.
    private static let loadNanosecondsMax: Int64 = 500_000_000

    // MARK: Calling

    /// Runs the function that a request names; all its locks are held.
    func callFunction(
        _ arguments: Arguments,
        _ session: Session,
        _ connection: Connection?
    ) throws(CommandError) -> Outcome {
        guard let (library, function) = server.functions.find(arguments[1].array) else {
            throw .script(.functionUnknown)
        }
        let keyCount = try arguments.scriptKeyCount(orElse: .script(.keyCountNotNumber))
        // The library may have been replaced since the locks were planned.
        guard library.isConfined || context.held == context.keyspace.allPartitions else {
            return .waits(.partitions)
        }
        guard !mustWaitForKeys(running.row, arguments, isConfined: library.isConfined) else {
            return .waits(.keys)
        }
        let target = WorkerScripts.Target(
            state: functionState(),
            function: try reference(to: function, in: library),
            name: function.name,
            flags: function.flags,
            isFunction: true
        )
        try run(target, arguments, keyCount, session, connection)
        return .done
    }

    private func functionState() -> ScriptState {
        if let state = scripts.functionState { return state }
        let state = makeState()
        scripts.functionState = state
        return state
    }

    /// The function in this worker's state, which loads its library if necessary.
    private func reference(
        to function: FunctionLibrary.Function,
        in library: FunctionLibrary
    ) throws(CommandError) -> ScriptState.Function {
        if let loaded = scripts.loaded[library.name], loaded.library === library,
            let reference = loaded.functions[function.name]
        {
            return reference
        }
        scripts.sweepLibraries()
        let registered = try library.code.withBytes { (code) throws(CommandError) in
            try load(code)
        }
        scripts.loaded[library.name] = WorkerScripts.Loaded(
            library: library,
            functions: registered.references
        )
        guard let reference = registered.references[function.name] else {
            throw .script(.functionUnknown)
        }
        return reference
    }

    // MARK: Loading

    /// Creates a library from its code; throws if that is invalid.
    func makeLibrary(_ code: Bytes) throws(CommandError) -> FunctionLibrary {
        let name = try libraryName(code)
        guard name.withBytes({ FunctionLibrary.isName($0) }) else {
            throw .script(.libraryName)
        }
        let registered = try load(code)
        let library = FunctionLibrary(
            name: name,
            code: code.array,
            functions: registered.functions,
            isConfined: isConfined(code, isLibrary: true)
        )
        guard !registered.functions.isEmpty else { throw .script(.nothingRegistered) }
        // Other workers load it when they need it, and so does this one.
        for function in registered.references.values { functionState().forget(function) }
        return library
    }

    /// Adds a library that was saved with the data; returns whether that was possible.
    func addSavedLibrary(_ code: [UInt8]) -> Bool {
        do throws(CommandError) {
            let library = try code.withBytes { (code) throws(CommandError) in
                try makeLibrary(code)
            }
            do throws(FunctionTable.Failure) {
                try server.functions.insert([library], .replace)
            } catch { throw failure(error) }
            return true
        } catch {
            var line = ErrorLine(command: "FUNCTION LOAD")
            error.write(to: &line)
            server.log(.warning, "A saved library cannot be loaded: \(line.text.string)")
            return false
        }
    }

    private func libraryName(_ code: Bytes) throws(CommandError) -> [UInt8] {
        let header: ScriptHeader
        do throws(ScriptHeader.Failure) {
            header = try ScriptHeader(code, isLibrary: true)
        } catch {
            switch error {
            case .endless: throw .script(.libraryHeader)
            case .engine(let word):
                throw failure { text in
                    text.append("ERR Engine '")
                    Array(word.dropFirst(2)).withBytes { text.append($0) }
                    text.append("' not found")
                }
            case .option(let word), .flag(let word):
                throw failure { text in
                    text.append("ERR Invalid metadata value given: ")
                    word.withBytes { text.append($0) }
                }
            case .repeated: throw .script(.libraryNameRepeated)
            }
        }
        guard header.isThere else { throw .script(.noLibraryHeader) }
        guard let name = header.name else { throw .script(.noLibraryName) }
        return name
    }

    /// Runs the code of a library, and returns what it registers.
    private func load(_ code: Bytes) throws(CommandError) -> WorkerScripts.Registering {
        let deadline = Clock.monotonicNanoseconds() + Executor.loadNanosecondsMax
        scripts.registering = WorkerScripts.Registering(deadline: deadline)
        defer {
            scripts.registering = nil
            scripts.noteSize()
        }
        let state = functionState()
        let end = (0..<code.count).first { code[$0] == UInt8(ascii: "\n") } ?? 0
        let chunk: ScriptState.Function
        do throws(ScriptState.Failure) {
            chunk = try state.compile(code.dropFirst(end), name: "@user_function")
        } catch {
            throw failure("ERR Error compiling function: ", error.message)
        }
        defer { state.forget(chunk) }
        do throws(ScriptState.Failure) { try state.load(chunk) } catch {
            let isLate = scripts.isLoadingTooLong()
            for function in scripts.registering?.references ?? [:] {
                state.forget(function.value)
            }
            guard !isLate else { throw .script(.loadTimeout) }
            throw failure("ERR Error registering functions: ", error.message)
        }
        return scripts.registering ?? WorkerScripts.Registering(deadline: deadline)
    }

    /// Adds a function registered by the library being loaded; returns an error message, or nil.
    func register(_ function: ScriptState.Registration) -> StaticString? {
        guard scripts.registering != nil else {
            return "redis.register_function can only be called on FUNCTION LOAD command"
        }
        guard FunctionLibrary.isName(function.name) else {
            return """
                Library names can only contain letters, numbers, or underscores(_) and must be \
                at least one character long
                """
        }
        var flags: ScriptHeader.Flags = []
        for name in function.flags {
            guard let flag = ScriptHeader.Flags(name: name) else { return "unknown flag given" }
            flags.insert(flag)
        }
        let name = function.name.array
        guard scripts.registering?.references[name] == nil else {
            return "Function already exists in the library"
        }
        scripts.registering?.references[name] = function.function
        scripts.registering?.functions.append(
            FunctionLibrary.Function(
                name: name,
                description: function.description.array,
                flags: flags
            )
        )
        return nil
    }

    // MARK: Errors

    private func failure(_ write: (inout ByteBuffer) -> Void) -> CommandError {
        scripts.message.removeAll(keep: 1024)
        write(&scripts.message)
        return .script(.message(scripts.message.bytes))
    }

    private func failure(_ before: StaticString, _ text: Bytes) -> CommandError {
        failure { message in
            message.append(before)
            message.append(text)
        }
    }

    /// The error for libraries that cannot be added.
    func failure(_ refusal: FunctionTable.Failure) -> CommandError {
        failure { text in
            switch refusal {
            case .libraryExists(let name):
                text.append("ERR Library '")
                name.withBytes { text.append($0) }
                text.append("' already exists")
            case .functionExists(let name):
                text.append("ERR Function ")
                name.withBytes { text.append($0) }
                text.append(" already exists")
            }
        }
    }
}
