internal import Commands
internal import Wire

/// The waiting requests of one client, which run in order once the first one may.
final class WaitingRequests {
    /// All of them; the first is the one that waits, the others queue behind it.
    var queue = RequestQueue()
    /// What the first one waits for.
    var wait: Wait
    /// The first request, if it waits for a value; `queue` then holds only those behind it.
    var waiter: Waiter?
    /// How often the first one has tried in vain.
    var tries = 0
    /// The error in the bytes after these requests, if they are invalid.
    var failure: ProtocolFailure?

    init(_ wait: Wait) { self.wait = wait }
}
