internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Synchronization
internal import System

/// memcached's `watch`: clients that are told in lines what happens to items.
extension Instance {
    /// The streams that anybody watches.
    var watchedStreams: WatchStreams {
        workers.reduce(into: []) {
            $0.formUnion(WatchStreams(rawValue: $1.watchedStreams.load(ordering: .relaxed)))
        }
    }

    /// Sends a line to those who watch `stream`.
    func tellWatchers(
        _ stream: WatchStreams,
        _ type: StaticString,
        _ body: (inout WatchLine) -> Void
    ) {
        guard watchedStreams.contains(stream) else { return }
        let number = watchLineCount.add(1, ordering: .relaxed).newValue
        var line = WatchLine(type, number: number, at: Clock.unixMicroseconds())
        body(&line)
        line.end()
        var writer = PushWriter(byteCount: line.bytes.count)
        writer.raw(line.bytes)
        for worker in workers {
            let streams = WatchStreams(
                rawValue: worker.watchedStreams.load(ordering: .relaxed)
            )
            // As in memcached, lines are lost where too many of them wait.
            guard streams.contains(stream), !worker.mailbox.hasManyPosts else { continue }
            writer.block.retain()
            worker.mailbox.post(Post(writer.block, .watchers(stream), count: 1))
        }
        writer.block.release()
    }

    /// Sends a line about a key that is about to be evicted to those who watch evictions.
    func tellWatchers(of slot: Shard.Slot) {
        guard watchedStreams.contains(.evictions), slot.entry.isKind(.string) else { return }
        let entry = slot.entry
        let now = Clock.unixMilliseconds()
        tellWatchers(.evictions, "eviction") { line in
            line.add(key: entry.key)
            line.add("fetch", entry.isFetched ? "yes" : "no")
            line.add("ttl", entry.expiry.map { max(0, ($0 - now) / 1000) } ?? -1)
            line.add("la", 0)
            line.add("clsid", Int64(SizeClasses.index(max(1, entry.byteCount)) + 1))
            line.add("size", Int64(StringValue.count(entry)))
        }
    }

    /// Has `stats detail` count, or not.
    func countPrefixes(_ isOn: Bool) {
        memcachedPrefixes.turn(on: isOn)
        postItemNotice()
    }

    /// Has workers look at requests of memcached's protocols, or not, as somebody wants to know.
    func postItemNotice() {
        bulletin.post(by: .items) {
            let isWatched = !watchedStreams.isDisjoint(with: .requests)
            return Bulletin.Notice(alerts: isWatched || memcachedPrefixes.isOn ? .items : [])
        }
    }
}

extension Worker {
    /// From this many bytes that wait to be sent on, a client that watches loses lines.
    static let watchBytesMax = 256 * 1024

    /// Has a client told of what happens in `streams` from now on.
    func beginWatching(_ connection: Connection, _ streams: WatchStreams) {
        endWatching(connection)
        watchers.append((connection, streams))
        countWatchers()
    }

    /// Has a client told nothing more.
    func endWatching(_ connection: Connection) {
        guard watchers.contains(where: { $0.connection === connection }) else { return }
        watchers.removeAll { $0.connection === connection }
        countWatchers()
    }

    private func countWatchers() {
        let streams = watchers.reduce(into: WatchStreams()) { $0.formUnion($1.streams) }
        watchedStreams.store(streams.rawValue, ordering: .relaxed)
        server.postItemNotice()
        executor.readBulletin()
    }

    /// Tells watchers that a client has come, or gone.
    func tellWatchers(of connection: Connection, hasCome: Bool) {
        guard server.watchedStreams.contains(.connections) else { return }
        let address = connection.address(peer: true, unixPath: "unix")
        let isUnix = connection.state.contains(.unix)
        let colon = address.lastIndex(of: ":")
        let host = isUnix ? "unix" : colon.map { String(address[..<$0]) } ?? address
        let port = isUnix ? 0 : colon.flatMap { Int64(address[address.index(after: $0)...]) } ?? 0
        server.tellWatchers(.connections, hasCome ? "conn_new" : "conn_close") { line in
            Array(host.utf8).withBytes { line.add("rip", $0) }
            line.add("rport", port)
            line.add("transport", isUnix ? "unix" : "tcp")
            if !hasCome { line.add("reason", "normal") }
            line.add("cfd", Int64(connection.descriptor))
        }
    }
}
