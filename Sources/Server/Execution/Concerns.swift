internal import Commands

/// Reasons why a row may not run at the moment.
///
/// A row *asks* for some of these; the server raises *alerts*, which are the same bits. A request
/// is checked further only if both share a bit, so that a single test covers all of them.
struct Concerns: OptionSet {
    let rawValue: UInt32
    /// It may add data, and there may be no memory left.
    static let memory = Concerns(rawValue: 1 << 0)
    /// It may change keys, and clients that do so are paused.
    static let pausedWrites = Concerns(rawValue: 1 << 1)
    /// All clients are paused.
    static let paused = Concerns(rawValue: 1 << 2)
    /// Either form of a pause.
    static let pauses: Concerns = [.pausedWrites, .paused]
    /// It may change the size of the data, which is limited (`maxmemory`).
    static let dataSize = Concerns(rawValue: 1 << 3)
    /// It needs the data, which is still being loaded.
    static let loading = Concerns(rawValue: 1 << 4)
    /// It may change keys, and changes cannot be saved.
    static let disk = Concerns(rawValue: 1 << 5)
    /// COMMANDLOG measures requests and replies.
    static let sizes = Concerns(rawValue: 1 << 16)
    /// HOTKEYS measures what keys cost.
    static let hotKeys = Concerns(rawValue: 1 << 17)
    /// Another server decides when keys expire (`import-mode`).
    static let importing = Concerns(rawValue: 1 << 18)
    /// The concerns of every row.
    private static let usual: Concerns = [.sizes, .hotKeys, .paused, .importing]

    /// It may trigger notifications, and some worker has too many to deliver.
    static let notifications = Concerns(rawValue: 1 << 8)

    /// Clients that monitor must see it.
    static let monitors = Concerns(rawValue: 1 << 9)

    /// Scripts that have run for too long may hold the locks that it needs.
    static let busy = Concerns(rawValue: 1 << 10)

    /// Somebody wants to know what is done with items (`watch`, `stats detail`).
    static let items = Concerns(rawValue: 1 << 11)

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The concerns of a row with `flags`.
    init(_ flags: CommandFlags) {
        self = .usual
        if !flags.contains(.loading) { insert(.loading) }
        if !flags.contains(.allowBusy) { insert(.busy) }
        if flags.contains(.write) { insert(.disk) }
        if flags.contains(.denyOOM) { formUnion([.memory, .dataSize]) }
        if flags.contains(.write) { formUnion([.dataSize, .notifications]) }
        if flags.contains(.runsScript), !flags.contains(.readonly) {
            formUnion([.dataSize, .notifications, .pausedWrites])
        }
        if flags.isDisjoint(with: [.admin, .skipMonitor]) { insert(.monitors) }
        if flags.contains(.memcached) { insert(.items) }
        if !flags.isDisjoint(with: [.write, .mayReplicate]) { insert(.pausedWrites) }
    }
}
