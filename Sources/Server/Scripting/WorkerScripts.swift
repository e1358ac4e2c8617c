internal import Commands
internal import Primitives
internal import Scripting
internal import Synchronization
internal import System
internal import Wire

/// What a worker needs for scripts: its state of Lua, and the scripts that it has compiled.
final class WorkerScripts {
    /// A script that the worker has compiled.
    struct Compiled {
        let script: Script
        let function: ScriptState.Function
    }

    /// What a request's script is.
    enum Prepared {
        case ready(Compiled)
        /// Nobody knows the digest.
        case unknown
        /// It cannot be compiled; the error is in `message`.
        case broken
    }

    /// A function in a state of Lua that a request calls.
    struct Target {
        let state: ScriptState
        let function: ScriptState.Function
        /// What errors and reports call it.
        let name: [UInt8]
        /// What it may do; nil if it does not say.
        let flags: ScriptHeader.Flags?
        /// Whether the words are its parameters.
        let isFunction: Bool
    }

    /// The script that runs.
    struct Run {
        let connection: Connection?
        /// Whose words called it.
        let session: Session
        let name: [UInt8]
        let isFunction: Bool
        let arguments: Arguments
        /// Where its replies begin in the reply buffer.
        let mark: Int
        var isReadOnly = false
        /// Whether it may add to the data although there is no memory left.
        var mayExceedMemory = true
        var hasWritten = false

        /// What others are told of it.
        func details(startedAt: Int64) -> RunningScript.Details {
            RunningScript.Details(
                name: name,
                words: (0..<arguments.count).map { arguments[$0].array },
                isFunction: isFunction,
                startedAt: startedAt
            )
        }
    }

    /// A library that the worker has loaded.
    struct Loaded {
        let library: FunctionLibrary
        var functions: [[UInt8]: ScriptState.Function] = [:]
    }

    /// What a library that is being loaded has registered.
    struct Registering {
        var functions: [FunctionLibrary.Function] = []
        var references: [[UInt8]: ScriptState.Function] = [:]
        /// When loading must end, in nanoseconds of the monotonic clock.
        let deadline: Int64
    }

    /// From this number on, compiled scripts are looked through for removed ones.
    private static let sweepFrom = 256

    var state: ScriptState?
    /// A state of its own for functions, which live longer.
    var functionState: ScriptState?
    var loaded: [[UInt8]: Loaded] = [:]
    var registering: Registering?
    /// What other threads see of the script that runs.
    let running = RunningScript()
    /// Whether they see it, and whether it has run for too long.
    var isShown = false
    var isBusy = false
    /// Takes connections meanwhile.
    var desk = BusyDesk()
    /// What the scripts of the last request are; nil if it was looked up.
    var prepared: Prepared?
    var run: Run?
    /// Who calls commands within scripts.
    let caller = Session(id: 0)
    /// A reply of which parts were in blocks of their own.
    var flattened = ByteBuffer()
    /// The text of an error.
    var message = ByteBuffer()
    private var compiled: [ScriptDigest: Compiled] = [:]
    private var sweepAt = WorkerScripts.sweepFrom
    /// The bytes that the states take, for any thread.
    let stateBytes = Counter()
    let functionBytes = Counter()

    /// The compiled script with a digest, unless it was removed.
    func find(_ digest: ScriptDigest) -> Compiled? {
        guard let found = compiled[digest] else { return nil }
        guard !found.script.isRemoved.load(ordering: .relaxed) else { return nil }
        return found
    }

    /// Keeps a compiled script.
    func keep(_ script: Compiled) {
        let old = compiled.updateValue(script, forKey: script.script.digest)
        if let old, old.function != script.function { state?.forget(old.function) }
        if compiled.count >= sweepAt { sweep() }
    }

    /// Drops the scripts that were removed.
    func sweep() {
        for (digest, entry) in compiled where entry.script.isRemoved.load(ordering: .relaxed) {
            state?.forget(entry.function)
            compiled[digest] = nil
        }
        sweepAt = max(WorkerScripts.sweepFrom, 2 * compiled.count)
        noteSize()
    }

    /// Drops the libraries that were deleted or replaced.
    func sweepLibraries() {
        for (name, entry) in loaded where entry.library.isRemoved.load(ordering: .relaxed) {
            for function in entry.functions.values { functionState?.forget(function) }
            loaded[name] = nil
        }
        noteSize()
    }

    /// Whether the library that is being loaded takes too long.
    func isLoadingTooLong() -> Bool {
        registering.map { Clock.monotonicNanoseconds() > $0.deadline } ?? false
    }

    /// Shows other threads what the states take.
    func noteSize() {
        stateBytes.set(UInt64(state?.byteCount ?? 0))
        functionBytes.set(UInt64(functionState?.byteCount ?? 0))
    }
}
