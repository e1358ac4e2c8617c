internal import Remote

/// Loads the rows of a table into hashes.
///
/// ```text
/// cursor over the rows, ordered by key ─▶ batches ─▶ MULTI, DEL, HSET, HSETNULL, EXEC for each
/// ```
/// A row that is loaded twice is the same afterwards, so a run that goes on begins with the last
/// key of the one before, of which there may be more rows.
extension Transfer {
    /// Loads everything; returns what was done.
    func load() throws(Failure) -> String {
        let place = try checkpoint.load()?.first
        var progress = Progress(total: try table.count(from: place))
        defer { progress.clear() }
        try table.begin(from: place)
        while true {
            let rows = try table.fetch(options.batch)
            guard let last = rows.last else { break }
            try load(rows, &progress)
            try checkpoint.save([last.key])
        }
        try checkpoint.remove()
        return progress.summary("loaded")
    }

    private func load(
        _ rows: [HstoreTable.Row],
        _ progress: inout Progress
    ) throws(Failure) {
        try server.replace(rows, prefix: options.prefix)
        progress.emptyRows += rows.count { $0.value.pairs.isEmpty }
        progress.add(rows.count)
    }
}
