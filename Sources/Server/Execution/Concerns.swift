internal import Commands

/// What about a row may keep it from running at the moment.
///
/// A row *asks* for some of these; the server raises *alerts*, which are the same bits. A request
/// is looked at only where both have a bit: one test for all of them.
struct Concerns: OptionSet {
    let rawValue: UInt32
    /// It may make the data larger, and there is no memory left.
    static let memory = Concerns(rawValue: 1 << 0)

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Those of a row with `flags`.
    init(_ flags: CommandFlags) {
        self = flags.contains(.denyOOM) ? .memory : []
    }
}
