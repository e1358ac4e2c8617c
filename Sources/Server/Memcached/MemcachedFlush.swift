internal import Commands
internal import Primitives
internal import Synchronization
internal import Wire

/// `flush_all` with a delay: when all keys of database 0 are to be removed.
final class MemcachedFlush: Sendable {
    /// Milliseconds since 1970; the end of time for never.
    private let moment = Atomic<Int64>(.max)

    /// Sets the moment; there is only one.
    func plan(at moment: Int64) { self.moment.store(moment, ordering: .relaxed) }

    /// Whether the moment has come at `now`.
    func isDue(_ now: Int64) -> Bool { moment.load(ordering: .relaxed) <= now }

    /// Forgets the moment.
    func cancel() { plan(at: .max) }

    /// Removes all keys of database 0, now or after `delay` seconds; a later moment replaces an
    /// earlier one, and removing them now cancels it.
    ///
    /// As everywhere, more than thirty days count from 1970.
    static func flush(after delay: Int64, _ call: AdminCall) throws(CommandError) {
        let now = call.worker.executor.context.now
        let moment = delay > 0 ? MemcachedTime.expiry(delay, now: now) ?? now : now
        guard moment <= now else { return call.server.memcachedFlush.plan(at: moment) }
        call.server.memcachedFlush.cancel()
        try call.worker.executor.flushKeys(for: call.session, from: call.connection)
    }
}

extension Executor {
    /// Runs FLUSHDB, without its reply.
    fileprivate func flushKeys(
        for session: Session,
        from connection: Connection?
    ) throws(CommandError) {
        let row = registry.flushRow
        var words = ArgumentVector(capacity: 2)
        words.append(Bytes("FLUSHDB"))
        let start = context.reply.buffer.count
        _ = try perform(row, words.arguments(0, 1), for: session, from: connection)
        context.reply.truncate(to: start)
    }
}

extension Worker {
    /// Removes all keys of database 0, as a client of memcached's protocols has asked before.
    func flushForMemcached() {
        server.memcachedFlush.cancel()
        try? executor.flushKeys(for: Session(id: 0), from: nil)
    }
}
