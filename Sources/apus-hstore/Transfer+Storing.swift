internal import Remote

/// Stores hashes as rows of a table.
///
/// ```text
/// SCAN MATCH prefix* TYPE hash ─▶ HGETALL of each ─▶ COPY ─▶ INSERT … ON CONFLICT DO UPDATE
/// ```
/// A hash that is stored twice is the same afterwards, so a run that goes on begins with the last
/// SCAN of the one before. If the server was restarted meanwhile, it begins anew.
extension Transfer {
    /// Stores everything; returns what was done.
    func store() throws(Failure) -> String {
        try table.prepare()
        let runID = try server.runID()
        var cursor = "0".bytes
        if let place = try checkpoint.load(), place.count == 2, place[0] == runID {
            cursor = place[1]
        }
        // Who else is there besides the keys with the prefix, nobody knows.
        let total = options.prefix.isEmpty && cursor == "0".bytes ? try server.keyCount() : nil
        var progress = Progress(total: total)
        defer { progress.clear() }
        repeat {
            let keys = try server.scan(&cursor, prefix: options.prefix, count: options.batch)
            try store(keys, &progress)
            if cursor != "0".bytes { try checkpoint.save([runID, cursor]) }
        } while cursor != "0".bytes
        try checkpoint.remove()
        return progress.summary("stored")
    }

    private func store(
        _ keys: [[UInt8]],
        _ progress: inout Progress
    ) throws(Failure) {
        // SCAN may return a key twice, but a statement may change a row only once.
        var known: Set<[UInt8]> = []
        let keys = keys.filter { known.insert($0).inserted }
        for start in stride(from: 0, to: keys.count, by: options.batch) {
            let some = Array(keys[start..<min(start + options.batch, keys.count)])
            var rows: [HstoreTable.Row] = []
            for (key, value) in zip(some, try server.values(some)) {
                guard let value else { continue }
                rows.append(
                    HstoreTable.Row(key: Array(key.dropFirst(options.prefix.count)), value: value)
                )
            }
            guard !rows.isEmpty else { continue }
            try table.store(rows)
            progress.add(rows.count)
        }
    }
}

extension HashServer {
    /// What is different after a restart.
    func runID() throws(Failure) -> [UInt8] {
        let info = try demand(["INFO".bytes, "server".bytes]).stringBytes ?? []
        let line = info.text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("run_id:") }
        return (line.map { String($0.dropFirst(7)) } ?? "").bytes
    }

    /// The number of keys.
    func keyCount() throws(Failure) -> Int? {
        try demand(["DBSIZE".bytes]).number.map { Int($0) }
    }

    /// The keys of the next hashes that begin with `prefix`; `cursor` is "0" again at the end.
    func scan(
        _ cursor: inout [UInt8],
        prefix: [UInt8],
        count: Int
    ) throws(Failure) -> [[UInt8]] {
        let reply = try demand([
            "SCAN".bytes, cursor, "MATCH".bytes, HashServer.pattern(prefix), "COUNT".bytes,
            String(count).bytes, "TYPE".bytes, "hash".bytes,
        ])
        guard let parts = reply.elements, parts.count == 2, let next = parts[0].stringBytes,
            let keys = parts[1].elements
        else { throw .other("the server's reply to SCAN is not one") }
        cursor = next
        return keys.compactMap(\.stringBytes)
    }

    /// The pattern of what begins with `prefix`.
    static func pattern(_ prefix: [UInt8]) -> [UInt8] {
        var pattern: [UInt8] = []
        for byte in prefix {
            if "*?[]\\".utf8.contains(byte) { pattern.append(UInt8(ascii: "\\")) }
            pattern.append(byte)
        }
        return pattern + "*".bytes
    }
}
