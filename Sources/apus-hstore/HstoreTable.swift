internal import Remote
internal import Wire

/// A table of PostgreSQL with a column of the type hstore.
struct HstoreTable {
    /// A row: its key as text, and its attributes; none if they are null.
    struct Row {
        let key: [UInt8]
        let value: HstoreValue
    }

    private let postgres: PostgresConnection
    // All names are quoted.
    private let table: [UInt8]
    private let key: [UInt8]
    private let column: [UInt8]
    private let keyType: [UInt8]
    private let columnType: [UInt8]
    private let keyColumn: [UInt8]

    /// The cursor over the rows, and the table that rows pass through.
    private static let cursor = "apus_rows"
    private static let passage = "pg_temp.apus_rows"

    /// Connects, and looks at the table.
    init(_ options: Options) throws(Failure) {
        do throws(PostgresFailure) {
            postgres = try PostgresConnection(options.conninfo)
            // Messages that are no errors are nobody's concern here.
            try postgres.run("SET client_min_messages = error".bytes)
            var parts: [[UInt8]] = []
            for part in TableName(options.table)?.parts ?? [] {
                parts.append(try postgres.quoted(name: part))
            }
            table = Array(parts.joined(separator: [UInt8(ascii: ".")]))
            key = try postgres.quoted(name: options.key)
            column = try postgres.quoted(name: options.column)
            keyColumn = options.key
            let types = try HstoreTable.types(postgres, table, [options.key, options.column])
            (keyType, columnType) = (types[0], types[1])
        } catch { throw .postgres(error) }
        guard columnType == "hstore".bytes || columnType.suffix(7) == ".hstore".bytes[...] else {
            throw .other(
                "the column \(shown(options.column)) has the type \(columnType.text), not hstore"
            )
        }
    }

    /// The types of columns, as written in statements.
    private static func types(
        _ postgres: PostgresConnection,
        _ table: [UInt8],
        _ columns: [[UInt8]]
    ) throws(PostgresFailure) -> [[UInt8]] {
        let tableText = try postgres.quoted(text: table)
        var types: [[UInt8]] = []
        for column in columns {
            let rows = try postgres.rows(
                "SELECT format_type(atttypid, atttypmod)::text FROM pg_attribute WHERE attrelid = "
                    .bytes + tableText + "::regclass AND attnum > 0 AND attname = ".bytes
                    + postgres.quoted(text: column)
            )
            guard let type = rows.first?.first ?? nil else {
                throw PostgresFailure(text: "there is no column \(shown(column)) in the table")
            }
            types.append(type)
        }
        return types
    }

    private func run(_ parts: [UInt8]...) throws(Failure) {
        do throws(PostgresFailure) { try postgres.run(Array(parts.joined())) } catch {
            throw .postgres(error)
        }
    }

    private func rows(_ parts: [UInt8]...) throws(Failure) -> [[[UInt8]?]] {
        do throws(PostgresFailure) { return try postgres.rows(Array(parts.joined())) } catch {
            throw .postgres(error)
        }
    }

    // MARK: Reading

    /// The condition for rows from the key `place` on.
    private func condition(_ place: [UInt8]?) throws(Failure) -> [UInt8] {
        guard let place else { return [] }
        do throws(PostgresFailure) {
            return " WHERE r.".bytes + key + " >= ".bytes + (try postgres.quoted(text: place))
        } catch { throw .postgres(error) }
    }

    /// The number of rows from the key `place` on, or of all.
    func count(from place: [UInt8]?) throws(Failure) -> Int? {
        let counted = try rows(
            "SELECT count(*)::text FROM ".bytes,
            table + " AS r".bytes,
            condition(place)
        )
        return (counted.first?.first ?? nil).flatMap { Int($0.text) }
    }

    /// Begins to read the rows from the key `place` on, or all, as they are now.
    func begin(from place: [UInt8]?) throws(Failure) {
        try run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".bytes)
        // Without the alias, ORDER BY would mean the text.
        let row = "r.".bytes
        try run(
            "DECLARE \(HstoreTable.cursor) NO SCROLL CURSOR FOR SELECT ".bytes,
            row + key + "::text, ".bytes + row + column,
            " FROM ".bytes + table + " AS r".bytes,
            try condition(place),
            " ORDER BY ".bytes + row + key
        )
    }

    /// The next rows; none at the end.
    func fetch(_ count: Int) throws(Failure) -> [Row] {
        var fetched: [Row] = []
        for row in try rows("FETCH \(count) FROM \(HstoreTable.cursor)".bytes) {
            guard row.count == 2, let name = row[0] else {
                throw .other("a row has no key: its column \(shown(keyColumn)) is null")
            }
            guard let bytes = row[1] else {
                fetched.append(Row(key: name, value: HstoreValue()))
                continue
            }
            guard let value = HstoreValue(binary: bytes) else {
                throw .row(key: name, text: "its attributes cannot be read")
            }
            fetched.append(Row(key: name, value: value))
        }
        return fetched
    }

    // MARK: Writing

    /// Makes the table that rows pass through.
    func prepare() throws(Failure) {
        try run(
            "CREATE TEMPORARY TABLE apus_rows (k text, h ".bytes,
            columnType,
            ") ON COMMIT DELETE ROWS".bytes
        )
    }

    /// Inserts rows, or replaces the attributes of those that are there.
    ///
    /// All at once; if that fails, one by one, to find the one that is to blame.
    func store(_ rows: [Row]) throws(Failure) {
        for row in rows where row.key.contains(0) || row.value.hasZero {
            throw .row(key: row.key, text: "PostgreSQL cannot store zero bytes")
        }
        do throws(PostgresFailure) { return try storeAtOnce(rows) } catch {
            guard !rows.isEmpty else { throw .postgres(error) }
        }
        for row in rows {
            do throws(PostgresFailure) { try storeAtOnce([row]) } catch {
                throw .row(key: row.key, text: error.text)
            }
        }
    }

    private func storeAtOnce(_ rows: [Row]) throws(PostgresFailure) {
        var data = CopyData()
        for row in rows { data.append(row.key, row.value) }
        try postgres.run("BEGIN".bytes)
        do throws(PostgresFailure) {
            try postgres.copy(
                "COPY \(HstoreTable.passage) FROM STDIN (FORMAT binary)".bytes,
                data.bytes
            )
            let head = "INSERT INTO ".bytes + table + " (".bytes + key + ", ".bytes + column
            let source = ") SELECT k::".bytes + keyType + ", h FROM \(HstoreTable.passage)".bytes
            let update = " ON CONFLICT (".bytes + key + ") DO UPDATE SET ".bytes + column
            try postgres.run(head + source + update + " = EXCLUDED.".bytes + column)
            try postgres.run("COMMIT".bytes)
        } catch {
            try postgres.run("ROLLBACK".bytes)
            throw error
        }
    }
}
