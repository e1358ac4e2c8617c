internal import Primitives

/// The memory used by scripts and functions, for reports.
struct ScriptFigures {
    /// The bytes of the Lua states for scripts, and for functions.
    var states = 0
    var functionStates = 0
    /// The bytes of scripts, and of libraries.
    var scriptBytes = 0
    var libraryBytes = 0
    var libraries = 0
    var functions = 0

    var allStates: Int { states + functionStates }
    var texts: Int { scriptBytes + libraryBytes }
}

extension Instance {
    /// The memory used by scripts and functions.
    var scriptFigures: ScriptFigures {
        var figures = ScriptFigures()
        for worker in workers {
            figures.states += Int(clamping: worker.executor.scripts.stateBytes.value)
            figures.functionStates += Int(clamping: worker.executor.scripts.functionBytes.value)
        }
        figures.scriptBytes = scripts.figures.byteCount
        let libraries = functions.libraries
        figures.libraries = libraries.count
        for library in libraries {
            figures.libraryBytes += library.byteCount
            figures.functions += library.functions.count
        }
        return figures
    }
}
