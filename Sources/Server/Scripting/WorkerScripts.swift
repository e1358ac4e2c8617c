internal import Commands
internal import Primitives
internal import Scripting
internal import Synchronization
internal import System
internal import Wire

/// A worker's Lua states, and the scripts that it has compiled.
final class WorkerScripts {
    /// A script that the worker has compiled.
    struct Compiled {
        let script: Script
        let function: ScriptState.Function
    }

    /// The result of looking up the script of a request.
    enum Prepared {
        case ready(Compiled)
        /// The digest is unknown.
        case unknown
        /// It cannot be compiled; the error is in `message`.
        case broken
    }

    /// A function in a Lua state that a request calls.
    struct Target {
        let state: ScriptState
        let function: ScriptState.Function
        /// Its name in errors and reports.
        let name: [UInt8]
        /// What it may do; nil if it has no flags.
        let flags: ScriptHeader.Flags?
        /// Whether the keys and arguments are passed as parameters.
        let isFunction: Bool
    }

    /// The running script.
    struct Run {
        let connection: Connection?
        /// The session whose request called it.
        let session: Session
        let name: [UInt8]
        let isFunction: Bool
        let arguments: Arguments
        /// The start of its replies in the reply buffer.
        let mark: Int
        var isReadOnly = false
        /// Whether it may add data although memory has run out.
        var mayExceedMemory = true
        var hasWritten = false

        /// What others may know about it.
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

    /// What the library being loaded has registered.
    struct Registering {
        var functions: [FunctionLibrary.Function] = []
        var references: [[UInt8]: ScriptState.Function] = [:]
        /// The deadline for loading, in nanoseconds of the monotonic clock.
        let deadline: Int64
    }

    /// From this number on, removed scripts are dropped from the compiled ones.
    private static let sweepFrom = 256

    var state: ScriptState?
    /// A separate state for functions, which live longer.
    var functionState: ScriptState?
    var loaded: [[UInt8]: Loaded] = [:]
    var registering: Registering?
    /// The running script, as seen by other threads.
    let running = RunningScript()
    /// Whether it has been published, and whether it has run for too long.
    var isShown = false
    var isBusy = false
    /// Serves others meanwhile.
    let desk = BusyDesk()
    /// The ring's buffers with requests that had been received before.
    var buffersKept: Set<Int> = []
    /// What arrived meanwhile and has not been processed.
    var setAside: [SetAside] = []
    /// The script of the last request; nil once it has been used.
    var prepared: Prepared?
    var run: Run?
    /// The session of commands called by scripts.
    let caller = Session(id: 0)
    /// A copy of a reply that has parts in blocks of their own.
    var flattened = ByteBuffer()
    /// The text of an error.
    var message = ByteBuffer()
    private var compiled: [ScriptDigest: Compiled] = [:]
    private var sweepAt = WorkerScripts.sweepFrom
    /// The memory used by the states, readable by any thread.
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

    /// Drops the scripts that were removed, and frees their memory at once.
    func sweepThoroughly() {
        sweep()
        state?.collectGarbage()
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

    /// Whether loading the library takes too long.
    func isLoadingTooLong() -> Bool {
        registering.map { Clock.monotonicNanoseconds() > $0.deadline } ?? false
    }

    /// Publishes the memory used by the states.
    func noteSize() {
        stateBytes.set(UInt64(state?.byteCount ?? 0))
        functionBytes.set(UInt64(functionState?.byteCount ?? 0))
    }
}
