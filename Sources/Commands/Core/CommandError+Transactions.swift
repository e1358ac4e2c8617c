public import Primitives

extension CommandError {
    /// Transactions, and pauses.
    public enum Transactions {
        /// MULTI within MULTI.
        case nested
        /// WATCH within MULTI.
        case watchInside
        /// EXEC without MULTI.
        case executeOutside
        /// DISCARD without MULTI.
        case discardOutside
        /// A request was rejected when it was to be queued.
        case aborted
        /// The command is not allowed within MULTI.
        case notAllowed
        /// CLIENT PAUSE: no such mode.
        case pauseMode
        /// CLIENT PAUSE: the end of the pause is too far in the future.
        case pauseTooLong
        /// CLIENT PAUSE: too many words.
        case pauseWords(Bytes)
    }
}

extension CommandError.Transactions {
    func write(to line: inout ErrorLine) {
        switch self {
        case .nested: line.add("ERR MULTI calls can not be nested")
        case .watchInside: line.add("ERR WATCH inside MULTI is not allowed")
        case .executeOutside: line.add("ERR EXEC without MULTI")
        case .discardOutside: line.add("ERR DISCARD without MULTI")
        case .aborted: line.add("EXECABORT Transaction discarded because of previous errors.")
        case .notAllowed: line.add("ERR Command not allowed inside a transaction")
        case .pauseTooLong: line.add("ERR timeout is out of range")
        case .pauseWords(let word):
            line.add("ERR unknown subcommand or wrong number of arguments for '", word, limit: 128)
            line.add("'. Try CLIENT HELP.")
        case .pauseMode: line.add("ERR CLIENT PAUSE mode must be WRITE or ALL")
        }
    }
}
