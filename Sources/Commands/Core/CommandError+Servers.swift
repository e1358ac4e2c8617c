public import Primitives

extension CommandError {
    /// The server and its commands.
    public enum Servers {
        /// COMMAND GETKEYS: the words are not a valid call.
        case commandWords
        /// COMMAND GETKEYS: no such command.
        case commandUnknown
        /// COMMAND GETKEYS: the wrong number of words.
        case commandWordCount
        /// COMMAND GETKEYS: the command has no keys.
        case commandKeyless
        /// SLOWLOG GET: the count is not a number, or below -1.
        case commandLogCount
        /// COMMANDLOG: no such type.
        case commandLogKind
        /// HOTKEYS START: SLOTS without cluster mode.
        case slotsWithoutCluster
        /// HOTKEYS START: METRICS does not match the metrics given.
        case hotKeyMetrics
        /// SHUTDOWN: saving failed; the log has the reason.
        case cannotSave
        /// MIGRATE: both a key and KEYS.
        case migratedKeys
        /// The data is still being loaded.
        case loading
        /// Writes are refused because the last snapshot failed.
        case cannotPersist
        /// BGREWRITEAOF, BGSAVE: the append-only file is being rewritten.
        case rewritingAlready
        case rewriting
        /// WAITAOF: the number of servers to wait for is out of range.
        case localCount
        case replicaCount
        /// WAITAOF: there is no append-only file.
        case appendOnlyOff
        /// DEBUG LOADAOF: loading failed.
        case cannotLoadAppendOnly
        /// Writes are refused because the append-only file cannot be written; the reason.
        case cannotAppend(Bytes)
        /// A snapshot is being written already.
        case alreadySaving
        /// Saving failed; the log has the reason.
        case notSaved
        /// BGSAVE CANCEL: none is in progress.
        case nothingToCancel
        /// SHUTDOWN ABORT without a shutdown in progress.
        case notEnding
    }
}

extension CommandError.Servers {
    func write(to line: inout ErrorLine) {
        switch self {
        case .commandWords: line.add("ERR Invalid arguments specified for command")
        case .commandUnknown: line.add("ERR Invalid command specified")
        case .commandWordCount: line.add("ERR Invalid number of arguments specified for command")
        case .commandKeyless: line.add("ERR The command has no key arguments")
        case .commandLogCount: line.add("ERR count should be greater than or equal to -1")
        case .commandLogKind:
            line.add("ERR type should be one of the following: slow, large-request, large-reply")
        case .slotsWithoutCluster: line.add("ERR SLOTS cannot be used when not in cluster mode")
        case .hotKeyMetrics:
            line.add("ERR METRICS must name as many metrics, CPU or NET, as it says")
        case .migratedKeys:
            line.add(
                """
                ERR When using MIGRATE KEYS option, the key argument must be set to the empty \
                string
                """
            )
        case .loading: line.add("LOADING Redis is loading the dataset in memory")
        case .cannotPersist:
            line.add(
                """
                MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
                persist to disk. Commands that may modify the data set are disabled, because this \
                instance is configured to report errors during writes if RDB snapshotting fails \
                (stop-writes-on-bgsave-error option). Please check the Redis logs for details \
                about the RDB error.
                """
            )
        case .rewritingAlready:
            line.add("ERR Background append only file rewriting already in progress")
        case .rewriting:
            line.add(
                """
                ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE \
                SCHEDULE in order to schedule a BGSAVE whenever possible.
                """
            )
        case .localCount: line.add("ERR value is out of range, must be between 0 and 1")
        case .replicaCount: line.add("ERR value is out of range, must be positive")
        case .appendOnlyOff:
            line.add(
                "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."
            )
        case .cannotLoadAppendOnly:
            line.add("ERR Error trying to load the AOF files, check server logs.")
        case .cannotAppend(let reason):
            line.add("MISCONF Errors writing to the AOF file: ", reason)
        case .alreadySaving: line.add("ERR Background save already in progress")
        case .notSaved: line.add("ERR")
        case .nothingToCancel:
            line.add("ERR Background saving is currently not in progress or scheduled")
        case .cannotSave:
            line.add("ERR Errors trying to SHUTDOWN. Check logs.")
        case .notEnding: line.add("ERR No shutdown in progress.")
        }
    }
}
