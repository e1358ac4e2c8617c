internal import Commands

/// What becomes of the changes of commands, in an order that is the same for everybody.
///
/// All changes pass here. One to a worker.
///
/// ```text
/// handler ─▶ Effects ─▶ take, under the locks of the keys concerned:
///                         1  the records go to the log
///                         2  watched keys get a new version
///                         3  keys for which clients wait are noted as ready
///                         4  clients that cache the keys are told
///                         5  subscribers of notifications are told
/// ```
/// As all of that happens before the locks are given back, whoever learns of a change, by whichever
/// way, meets the changes of a key in their order. Each step is a line in `take`, asked for by a
/// want of its own; what it does stands in a file of its own. A step takes no partition's lock; its
/// own lock comes after the partitions'.
final class Settlement: Sendable {
    private let journal: EffectJournal

    init(_ server: Instance) { journal = server.effectJournal }

    /// Takes what a command, or one of a group, recorded.
    func take(_ effects: borrowing Effects) {
        if journal.isOn { journal.append(effects) }
    }
}
