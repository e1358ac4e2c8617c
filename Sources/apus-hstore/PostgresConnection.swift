internal import CPostgres
internal import Glibc

/// What PostgreSQL, or libpq, says is wrong.
struct PostgresFailure: Error, Equatable {
    let text: String
}

/// A connection to PostgreSQL, through libpq; every call waits for its answer.
///
/// ## Invariants
/// `handle` is what PQconnectdb returned, and is freed once, at the end.
@safe
final class PostgresConnection {
    private let handle: OpaquePointer

    /// Connects as `conninfo` and the variables PGHOST, PGUSER, … say.
    init(_ conninfo: String) throws(PostgresFailure) {
        guard let made = unsafe PQconnectdb(conninfo) else {
            throw PostgresFailure(text: "out of memory")
        }
        guard unsafe PQstatus(made) == CONNECTION_OK else {
            let failure = unsafe PostgresConnection.failure(made)
            unsafe PQfinish(made)
            throw failure
        }
        unsafe handle = made
    }

    deinit { unsafe PQfinish(handle) }

    /// What went wrong last.
    private var failure: PostgresFailure { unsafe PostgresConnection.failure(handle) }

    private static func failure(_ handle: OpaquePointer) -> PostgresFailure {
        guard let text = unsafe PQerrorMessage(handle) else {
            return PostgresFailure(text: "unknown error")
        }
        let lines = unsafe String(cString: text).split(separator: "\n")
        return PostgresFailure(text: lines.joined(separator: "; "))
    }

    // MARK: Statements

    /// Runs a statement; drops the rows that it returns.
    func run(_ statement: [UInt8]) throws(PostgresFailure) { _ = try rows(statement) }

    /// Runs a statement; returns its rows, in PostgreSQL's binary format.
    func rows(_ statement: [UInt8]) throws(PostgresFailure) -> [[[UInt8]?]] {
        let result = unsafe statement.withTerminated {
            unsafe PQexecParams(handle, $0, 0, nil, nil, nil, nil, 1)
        }
        defer { unsafe PQclear(result) }
        let status = unsafe PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else { throw failure }
        let columns = unsafe PQnfields(result)
        return unsafe (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                guard unsafe PQgetisnull(result, row, column) == 0 else { return nil }
                let count = Int(unsafe PQgetlength(result, row, column))
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: PQgetvalue(result, row, column),
                    count: count
                )
                return unsafe Array(bytes)
            }
        }
    }

    /// Sends `data` to a table, in the format that `statement` (a COPY FROM STDIN) names.
    func copy(_ statement: [UInt8], _ data: [UInt8]) throws(PostgresFailure) {
        let begun = unsafe statement.withTerminated { unsafe PQexec(handle, $0) }
        let status = unsafe PQresultStatus(begun)
        unsafe PQclear(begun)
        guard status == PGRES_COPY_IN else { throw failure }
        let isSent = unsafe data.withUnsafeBytes { bytes in
            unsafe PQputCopyData(
                handle,
                bytes.bindMemory(to: CChar.self).baseAddress,
                Int32(bytes.count)
            ) == 1
        }
        guard isSent, unsafe PQputCopyEnd(handle, nil) == 1 else { throw failure }
        var error: PostgresFailure?
        while let result = unsafe PQgetResult(handle) {
            if unsafe PQresultStatus(result) != PGRES_COMMAND_OK { error = failure }
            unsafe PQclear(result)
        }
        if let error { throw error }
    }

    // MARK: Quoting

    /// A name in double quotes, as part of a statement.
    func quoted(name: [UInt8]) throws(PostgresFailure) -> [UInt8] {
        // SAFETY: libpq copies the name, and what it returns is taken at once.
        try unsafe taken(name.withTerminated { unsafe PQescapeIdentifier(handle, $0, name.count) })
    }

    /// A text in single quotes, as part of a statement.
    func quoted(text: [UInt8]) throws(PostgresFailure) -> [UInt8] {
        try unsafe taken(text.withTerminated { unsafe PQescapeLiteral(handle, $0, text.count) })
    }

    /// Copies and frees what libpq allocated.
    private func taken(_ pointer: UnsafeMutablePointer<CChar>?) throws(PostgresFailure) -> [UInt8] {
        guard let pointer = unsafe pointer else { throw failure }
        defer { unsafe PQfreemem(pointer) }
        return unsafe Array(String(cString: pointer).utf8)
    }
}

extension [UInt8] {
    /// Calls `body` with the bytes and a zero byte behind them.
    fileprivate func withTerminated<Result>(
        _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        // SAFETY: a copy with one more byte, alive during the call.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { copy in
            for index in indices { unsafe copy[index] = CChar(bitPattern: self[index]) }
            unsafe copy[count] = 0
            guard let base = copy.baseAddress else { preconditionFailure("never empty") }
            return unsafe body(base)
        }
    }
}
