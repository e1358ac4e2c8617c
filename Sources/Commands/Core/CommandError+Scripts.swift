public import Primitives

extension CommandError {
    /// Scripts.
    public enum Scripts {
        /// There is no script with this digest.
        case unknown
        /// As above, for SCRIPT SHOW.
        case notShown
        /// There are more keys than words.
        case tooManyKeys
        /// The number of keys is negative.
        case negativeKeys
        /// A script that may write is called by a command that only reads.
        case writesInReadOnly
        /// SCRIPT FLUSH: no such mode.
        case flushMode
        /// Neither a script nor a function is running.
        case noneRuns
        /// A script, or a function, has run for too long.
        case busyScript
        case busyFunction
        /// The script has written.
        case unkillable
        /// SCRIPT DEBUG: no such mode.
        case debugMode
        /// There is no function with this name.
        case functionUnknown
        /// FCALL: the number of keys is not a number.
        case keyCountNotNumber
        /// There is no library with this name.
        case libraryUnknown
        /// The first line of a library is missing, invalid, or lacks the name.
        case noLibraryHeader
        case libraryHeader
        case noLibraryName
        case libraryNameRepeated
        /// The name of a library is invalid.
        case libraryName
        /// A library registers no functions.
        case nothingRegistered
        /// A library takes too long to load.
        case loadTimeout
        /// FUNCTION FLUSH: no such mode.
        case functionFlushMode
        /// FUNCTION LOAD: no such option.
        case option(Bytes)
        /// FUNCTION: wrong words for a subcommand.
        case functionWords(Bytes)
        /// FUNCTION LIST: no such argument, or the pattern is missing.
        case argument(Bytes)
        case noPattern
        /// FUNCTION RESTORE: no such policy.
        case restorePolicy
        /// The error of a script, with its code; valid until the next script runs.
        case message(Bytes)
    }
}

extension CommandError.Scripts {
    func write(to line: inout ErrorLine) {
        switch self {
        case .unknown: line.add("NOSCRIPT No matching script. Please use EVAL.")
        case .notShown: line.add("NOSCRIPT No matching script.")
        case .tooManyKeys: line.add("ERR Number of keys can't be greater than number of args")
        case .negativeKeys: line.add("ERR Number of keys can't be negative")
        case .writesInReadOnly:
            line.add("ERR Can not execute a script with write flag using *_ro command.")
        case .noneRuns: line.add("NOTBUSY No scripts in execution right now.")
        case .busyScript:
            line.add(
                """
                BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN \
                NOSAVE.
                """
            )
        case .busyFunction:
            line.add(
                """
                BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN \
                NOSAVE.
                """
            )
        case .unkillable:
            line.add(
                """
                UNKILLABLE Sorry the script already executed write commands against the dataset. \
                You can either wait the script termination or kill the server in a hard way \
                using the SHUTDOWN NOSAVE command.
                """
            )
        case .debugMode: line.add("ERR Use SCRIPT DEBUG YES/SYNC/NO")
        case .flushMode: line.add("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
        case .message(let text): line.add(text: text)
        case .functionUnknown, .keyCountNotNumber, .libraryUnknown, .noLibraryHeader,
            .libraryHeader, .noLibraryName, .libraryNameRepeated, .libraryName,
            .nothingRegistered, .loadTimeout, .functionFlushMode, .option, .functionWords,
            .argument, .noPattern, .restorePolicy:
            writeOfFunctions(to: &line)
        }
    }

    /// Writes the texts about libraries and functions.
    private func writeOfFunctions(to line: inout ErrorLine) {
        switch self {
        case .functionUnknown: line.add("ERR Function not found")
        case .keyCountNotNumber: line.add("ERR Bad number of keys provided")
        case .libraryUnknown: line.add("ERR Library not found")
        case .noLibraryHeader: line.add("ERR Missing library metadata")
        case .libraryHeader: line.add("ERR Invalid library metadata")
        case .noLibraryName: line.add("ERR Library name was not given")
        case .libraryNameRepeated:
            line.add("ERR Invalid metadata value, name argument was given multiple times")
        case .libraryName:
            line.add(
                """
                ERR Library names can only contain letters, numbers, or underscores(_) and must \
                be at least one character long
                """
            )
        case .nothingRegistered: line.add("ERR No functions registered")
        case .loadTimeout: line.add("ERR FUNCTION LOAD timeout")
        case .functionFlushMode:
            line.add("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
        case .option(let word): line.add("ERR Unknown option given: ", word)
        case .functionWords(let word):
            line.add("ERR unknown subcommand or wrong number of arguments for '", word, limit: 128)
            line.add("'. Try FUNCTION HELP.")
        case .argument(let word): line.add("ERR Unknown argument ", word)
        case .noPattern: line.add("ERR library name argument was not given")
        case .restorePolicy:
            line.add(
                """
                ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.
                """
            )
        case .unknown, .notShown, .tooManyKeys, .negativeKeys, .writesInReadOnly, .flushMode,
            .noneRuns, .busyScript, .busyFunction, .unkillable, .debugMode, .message:
            preconditionFailure("these are written by the caller")
        }
    }
}
