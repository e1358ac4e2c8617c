internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Requests of memcached's protocols: received, batched and run as those of RESP.
extension Worker {
    /// Has a new connection speak memcached's protocols.
    func beginMemcached(_ connection: Connection) {
        let stream = MemcachedStream(server.options.memcached.speech)
        connection.memcached = stream
        connection.state.insert(.memcached)
        connection.session.dialect = stream.dialect
        tellWatchers(of: connection, hasCome: true)
        guard !server.options.memcached.userFilePath.isEmpty else { return }
        connection.session.mustAuthenticate = true
        connection.session.become(server.access.standard, isAuthenticated: false)
    }

    /// Parses the bytes of a client that speaks one of memcached's protocols, or may; returns the
    /// bytes used, or nil if it turns out to speak RESP.
    func parseForeign(
        _ connection: Connection,
        _ memory: Cell,
        _ count: Int,
        _ base: Int
    ) -> Int? {
        if connection.state.contains(.undetected) {
            switch ProtocolGuess(memory.bytes(0, count)) {
            case .undecided: return 0
            case .resp:
                connection.state.remove(.undetected)
                return nil
            case .memcached:
                connection.state.remove(.undetected)
                beginMemcached(connection)
            }
        }
        return parseMemcached(connection, memory, count, base)
    }

    /// Parses requests into the batch, running it whenever it is full; returns the bytes used.
    ///
    /// `base` is the offset of `memory` within the bytes that are kept.
    func parseMemcached(
        _ connection: Connection,
        _ memory: Cell,
        _ count: Int,
        _ base: Int
    ) -> Int {
        guard let stream = connection.memcached else {
            preconditionFailure("a connection in this state has a stream")
        }
        let whole = memory.advanced(by: -base)
        var position = base
        let session = connection.session
        if _slowPath(stream.speech == .undecided), count > 0 {
            stream.decide(memory.byte(0))
            session.dialect = stream.dialect
        }
        while true {
            var isUnknown = session.traits.contains(.unauthenticated)
            if round.batch.isFull || isUnknown {
                // The request before may authenticate.
                runBatch(parsing: connection)
                isUnknown = session.traits.contains(.unauthenticated)
            }
            let start = round.words.count
            let limits = MemcachedLimits(
                itemBytesMax: server.options.memcached.itemBytesMax,
                unauthenticated: isUnknown
            )
            let outcome = stream.next(
                whole,
                base + count,
                &position,
                limits,
                into: &round.words
            )
            switch outcome {
            case .request(let command):
                let words = round.words.count - start
                round.batch.append(item(connection, start, words, command))
            case .nothing: continue
            case .incomplete: return position - base
            case .ends:
                runBatch(parsing: nil)
                close(connection)
                return count
            }
        }
    }

    /// Creates a request from words that `parseMemcached` has read before.
    func memcachedItem(
        _ connection: Connection,
        _ start: Int,
        _ count: Int,
        named name: Bytes
    ) -> Batch.Item {
        guard let command = MemcachedCommand(parsed: name) else {
            preconditionFailure("the parser has written the name")
        }
        return item(connection, start, count, command)
    }

    /// Creates a request, and prefetches the bucket of its key.
    ///
    /// RESP has a function of its own for this: looking up the row through a shared one made each
    /// request retain and release the table.
    @inline(__always)
    private func item(
        _ connection: Connection,
        _ start: Int,
        _ count: Int,
        _ command: MemcachedCommand
    ) -> Batch.Item {
        let row = executor.registry.row(command)
        var hash = KeyHash(bits: 0)
        let hasKey = executor.registry.row(row).firstKey > 0
        if hasKey {
            let keyspace = executor.context.keyspace
            hash = keyspace.hasher(round.words.arguments(start, count)[1])
            keyspace.prefetchBucket(hash, database: connection.session.database)
        }
        return Batch.Item(
            connection: connection,
            start: start,
            count: count,
            row: row,
            hash: hash,
            hasKey: hasKey
        )
    }

    // MARK: Large values

    /// If the value of a request is large, receives the rest directly into its own block.
    ///
    /// What precedes the value stays in the buffer.
    func expectValue(_ connection: Connection, _ stream: MemcachedStream) {
        guard let length = stream.valueAhead else { return }
        connection.parsed += stream.headByteCount
        expectBlock(connection, length, tailBytes: stream.tailByteCount)
        // A value that is not large is read again with its line.
        if connection.incoming == nil, !connection.state.contains(.closed) {
            connection.parsed -= stream.headByteCount
        }
    }

    /// Adds the request whose value is complete to the batch.
    func finishValue(
        _ connection: Connection,
        _ stream: MemcachedStream,
        _ incoming: IncomingBlock
    ) {
        let start = round.words.count
        let command = stream.complete(connection.query.cell, incoming, into: &round.words)
        let words = round.words.count - start
        round.batch.append(item(connection, start, words, command))
    }
}
