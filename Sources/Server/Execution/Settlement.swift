internal import Commands

/// Processes the changes made by commands, in an order that is the same for everyone.
///
/// All changes pass here. Each worker has one.
///
/// ```text
/// handler ─▶ Effects ─▶ take, with the locks for the keys held:
///                         1  the records go to the log
///                         2  watched keys get a new version
///                         3  keys that clients are blocked on are noted as ready
///                         4  clients that cache the keys are notified
///                         5  subscribers of notifications are notified
///                         6  indexes take in what the keys hold
/// ```
/// As this happens before the locks are released, everyone who learns of changes to a key, in
/// whichever way, sees them in order. Each step is one line in `take`, depends on a want of its
/// own, and is implemented in a file of its own. Steps take no partition locks; their own locks
/// come after those of partitions.
final class Settlement: Sendable {
    private let journal: EffectJournal
    private let changeLog: ChangeLog
    private let watches: WatchTables
    private let readyKeys: ReadyKeys
    private let notifier: Notifier
    /// Lives as long as the process.
    private unowned let server: Instance
    private let workerIndex: Int

    /// Creates the settlement of a worker whose executor serves `readyKeys`.
    init(_ server: Instance, workerIndex: Int, _ readyKeys: ReadyKeys) {
        self.server = server
        self.workerIndex = workerIndex
        journal = server.effectJournal
        changeLog = server.changeLog
        watches = server.watches
        self.readyKeys = readyKeys
        notifier = Notifier(server)
    }

    /// Processes what was recorded for a command or, within a group, for one of its commands.
    func take(_ effects: borrowing Effects) {
        if changeLog.isOn { changeLog.append(effects) }
        if journal.isOn { journal.append(effects) }
        if effects.wants.contains(.watch) { watches.noteChanges(effects) }
        if effects.wants.contains(.waiters) { readyKeys.note(effects) }
        if effects.wants.contains(.tracking) {
            let worker = server.workers[workerIndex]
            server.tracking.take(
                effects,
                server.keyspace,
                by: worker.outbox.replying?.session.id ?? 0,
                &worker.broadcast,
                server.workers
            )
        }
        if effects.wants.contains(.notify) { notifier.publish(effects) }
        if effects.wants.contains(.index) { server.indexes.take(effects) }
    }
}
